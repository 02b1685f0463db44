"""Tags of IAM's entities. Keys keep their case and are the same in any case.

Source: IAM User Guide, Tags for AWS Identity and Access Management resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cumulet.services.iam import pages
from cumulet.services.iam.errors import InvalidInput, LimitExceeded

MOST = 50
_RESERVED = "aws:"


def read(given: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """Tags as a request names them. Raises InvalidInput for a key that comes twice or is reserved."""
    tags: dict[str, str] = {}
    for tag in given or ():
        if tag["Key"].lower() in {key.lower() for key in tags}:
            raise InvalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        if tag["Key"].lower().startswith(_RESERVED):
            raise InvalidInput("Caller is an end user and not allowed to mutate system tags")
        tags[tag["Key"]] = tag["Value"]
    if len(tags) > MOST:
        raise LimitExceeded(f"The number of tags has reached the maximum limit: {MOST}")
    return tags


def merged(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """The old tags with the new ones over them. Raises LimitExceeded."""
    tags = {**without(old, new), **new}
    if len(tags) > MOST:
        raise LimitExceeded(f"The number of tags has reached the maximum limit: {MOST}")
    return tags


def without(old: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    gone = {key.lower() for key in keys}
    return {key: value for key, value in old.items() if key.lower() not in gone}


def listed(tags: Mapping[str, str], marker: str | None, max_items: int | None) -> dict[str, Any]:
    """A page of tags, sorted by key, as the operations that list them answer."""
    page = pages.asked(marker, max_items)
    found, more = pages.take(page, shown(dict(sorted(tags.items()))), lambda tag: tag["Key"])
    return {"Tags": found, **more}


def shown(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
