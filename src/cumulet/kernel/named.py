"""The users and roles that a resource's policy names. It means those who have the names when it is put: a later
namesake is somebody else, and who is renamed keeps what was given.

Source: IAM User Guide, AWS JSON policy elements: Principal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_NAMED = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):(?:user|role)/.+", re.DOTALL)


class UnknownPrincipal(Exception):
    """A policy names a user or role that is not there."""


def is_entity(principal: str) -> bool:
    """Whether a principal is a user or a role."""
    return _NAMED.fullmatch(principal) is not None


def ids_in(text: str, id_of: Callable[[str], str | None]) -> dict[str, str]:
    """The unique ids of the users and roles in a policy that the grammar takes, by ARN. Raises UnknownPrincipal."""
    ids: dict[str, str] = {}
    for names in _names(json.loads(text)):
        for arn in names if isinstance(names, list) else [names]:
            if is_entity(arn):
                known = id_of(arn)
                if known is None:
                    raise UnknownPrincipal(arn)
                ids[arn] = known
    return ids


def with_ids(text: str, ids: Mapping[str, str]) -> str:
    """The policy as it is evaluated."""
    return _replaced(text, ids) if ids else text


def as_shown(text: str, ids: Mapping[str, str], arn_of: Callable[[str, str], str | None]) -> str:
    """The policy with those whom it names as they are called now; who is gone is shown by the id."""
    now = {arn: arn_of(arn.split(":")[4], known) or known for arn, known in ids.items()}
    return text if all(arn == current for arn, current in now.items()) else _replaced(text, now)


def _replaced(text: str, names: Mapping[str, str]) -> str:
    document = json.loads(text)
    for element in _elements(document):
        given = element["AWS"]
        is_many = isinstance(given, list)
        element["AWS"] = [names.get(each, each) for each in given] if is_many else names.get(given, given)
    return json.dumps(document)


def _names(document: Any) -> Iterator[Any]:
    return (element["AWS"] for element in _elements(document))


def _elements(document: Any) -> Iterator[dict[str, Any]]:
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for name in ("Principal", "NotPrincipal"):
            element = statement.get(name)
            if isinstance(element, dict) and "AWS" in element:
                yield element
