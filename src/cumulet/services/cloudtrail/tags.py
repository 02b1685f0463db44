"""Tags of trails, event data stores, channels and dashboards, by ARN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cumulet.kernel.keys import Key
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import stores, trails
from cumulet.services.cloudtrail.errors import (
    CloudTrailARNInvalidException,
    InvalidTagParameterException,
    ResourceNotFoundException,
    ResourceTypeNotSupportedException,
    TagsLimitExceededException,
    TrailNotFoundException,
)

_MOST = 50
_LONGEST_KEY, _LONGEST_VALUE = 128, 256


def of(tx: ReadTransaction, arn: str) -> dict[str, str]:
    return dict(tx.get(_key(arn)) or {})


def put(tx: Transaction, arn: str, new: Iterable[Mapping[str, str]]) -> None:
    """Add tags. Raises InvalidTagParameterException, TagsLimitExceededException."""
    given = {tag["Key"]: tag.get("Value", "") for tag in new}
    for name, value in given.items():
        if not 1 <= len(name) <= _LONGEST_KEY or len(value) > _LONGEST_VALUE or name.lower().startswith("aws:"):
            raise InvalidTagParameterException(f"The tag {name[:_LONGEST_KEY]} is not valid.")
    every = of(tx, arn) | given
    if len(every) > _MOST:
        raise TagsLimitExceededException(f"A resource can have at most {_MOST} tags.")
    if every:
        tx.put(_key(arn), every)


def remove(tx: Transaction, arn: str, gone: Iterable[Mapping[str, str]]) -> None:
    names = {tag["Key"] for tag in gone}
    tx.put(_key(arn), {name: value for name, value in of(tx, arn).items() if name not in names})


def forget(tx: Transaction, arn: str) -> None:
    tx.delete(_key(arn))


def check_resource(tx: ReadTransaction, scope: Scope, arn: str) -> None:
    """Raise unless `arn` is of something of this account that has tags."""
    kind = arn.split(":", 5)[5].partition("/")[0] if arn.count(":") >= 5 else ""
    try:
        if kind == "trail":
            trails.find(tx, scope, arn)
        elif kind == "eventdatastore":
            stores.find(tx, scope, arn)
        elif kind == "channel":
            _check_kept(tx, scope.key("cloudtrail", "channel", arn.rpartition("/")[2]), arn, scope)
        elif kind == "dashboard":
            _check_kept(tx, scope.key("cloudtrail", "dashboard", arn.rpartition("/")[2]), arn, scope)
        elif kind:
            raise ResourceTypeNotSupportedException(f"{arn[:512]} has no tags here.")
        else:
            raise CloudTrailARNInvalidException(f"ARN {arn[:512]} is not valid.")
    except TrailNotFoundException as error:
        raise ResourceNotFoundException(error.message) from None


def _check_kept(tx: ReadTransaction, key: Key, arn: str, scope: Scope) -> None:
    here = arn.startswith(scope.arn("cloudtrail", ""))
    if not here or tx.get(key) is None:
        raise ResourceNotFoundException(f"{arn[:512]} was not found.")


def as_wire(arn: str, tags: Mapping[str, str]) -> dict[str, Any]:
    return {"ResourceId": arn, "TagsList": [{"Key": name, "Value": value} for name, value in tags.items()]}


def _key(arn: str) -> tuple[str, ...]:
    account = arn.split(":")[4] if arn.count(":") >= 5 else ""
    return ("cloudtrail", account, "tags", arn)
