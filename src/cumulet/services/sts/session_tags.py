"""Session tags: what whoever assumes a role says of the session, for policies to ask (aws:PrincipalTag/NAME).

Transitive tags go along when the session assumes another role, and nobody can change them there.
Source: IAM User Guide, Pass session tags in AWS STS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cumulet.kernel.identity import Session
from cumulet.services.sts.errors import InvalidParameterValue, ValidationError

MOST = 50
_LONGEST_KEY, _LONGEST_VALUE = 128, 256


class SessionTags(NamedTuple):
    """`given` were passed with this call, `inherited` came with the caller's session."""

    given: Mapping[str, str]
    inherited: Mapping[str, str]
    transitive: tuple[str, ...]

    @property
    def all(self) -> dict[str, str]:
        return {**self.inherited, **self.given}


NONE = SessionTags({}, {}, ())


def of_request(
    tags: Sequence[Mapping[str, str]], transitive_keys: Sequence[str], session: Session | None = None
) -> SessionTags:
    """The tags of a new session that `session` asks for. Raises InvalidParameterValue or ValidationError."""
    keys = [tag["Key"] for tag in tags]
    if len({key.lower() for key in keys}) < len(keys):
        raise InvalidParameterValue("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if any(key.lower().startswith("aws:") for key in keys):
        raise InvalidParameterValue("'aws:' prefixed tag key names are not allowed for external use.")
    given = {tag["Key"]: tag["Value"] for tag in tags}
    inherited = _inherited(session)
    _refuse_overrides({*given, *transitive_keys}, inherited)
    _refuse_unknown(transitive_keys, given)
    if len(given) + len(inherited) > MOST:
        raise ValidationError(f"The number of session tags exceeds the limit of {MOST}.")
    return SessionTags(given, inherited, (*inherited, *transitive_keys))


def of_claims(tags: Mapping[str, str], transitive_keys: Sequence[str]) -> SessionTags:
    """The tags that an identity provider's token carries, which no model has validated."""
    if len(tags) > MOST or any(len(k) > _LONGEST_KEY or len(v) > _LONGEST_VALUE or not k for k, v in tags.items()):
        raise ValidationError("The session tags in the token exceed the limits of session tags.")
    return of_request([{"Key": key, "Value": value} for key, value in tags.items()], transitive_keys)


def _inherited(session: Session | None) -> dict[str, str]:
    if session is None:
        return {}
    return {key: session.tags[key] for key in session.transitive if key in session.tags}


def _refuse_overrides(keys: set[str], inherited: Mapping[str, str]) -> None:
    fixed = {key.lower() for key in inherited}
    if any(key.lower() in fixed for key in keys):
        raise InvalidParameterValue(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session."
        )


def _refuse_unknown(transitive_keys: Sequence[str], given: Mapping[str, str]) -> None:
    known = {key.lower() for key in given}
    if any(key.lower() not in known for key in transitive_keys):
        raise InvalidParameterValue("The specified transitive tag key must be included in the requested tags.")
