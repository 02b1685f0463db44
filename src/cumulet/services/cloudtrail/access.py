"""Which permissions CloudTrail's operations need: on the trail, whether it is named or given by ARN.

Source: Service Authorization Reference, AWS CloudTrail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cumulet.kernel import models
from cumulet.kernel.access import Need
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.cloudtrail import tags

_ON_EVERYTHING = frozenset({"describe_trails", "list_trails", "lookup_events", "list_public_keys"})
_TAGS = "TagsList"


def needs(tx: ReadTransaction, scope: Scope, operation: str, parameters: Mapping[str, Any]) -> Iterator[Need]:
    action = models.load("cloudtrail").methods[operation].name
    arns = [] if operation in _ON_EVERYTHING else _arns(scope, operation, parameters)
    requested = {f"aws:requesttag/{tag['Key'].lower()}": tag.get("Value", "") for tag in parameters.get(_TAGS, ())}
    keys = [tag["Key"] for tag in parameters.get(_TAGS, ())]
    asked: dict[str, Any] = {**requested, "aws:tagkeys": keys} if keys else {}
    for arn in arns or ["*"]:
        own = {f"aws:resourcetag/{name.lower()}": value for name, value in tags.of(tx, arn).items()}
        yield Need(action=f"cloudtrail:{action}", resource=arn, account=scope.account, context={**own, **asked})
    if keys and operation.startswith("create_"):
        yield Need(action="cloudtrail:AddTags", resource=arns[0] if arns else "*", account=scope.account, context=asked)


def _arns(scope: Scope, operation: str, parameters: Mapping[str, Any]) -> list[str]:
    if "ResourceIdList" in parameters:
        return list(parameters["ResourceIdList"])[:20]
    for member in ("ResourceId", "ResourceArn"):
        if parameters.get(member):
            return [str(parameters[member])]
    if store := parameters.get("EventDataStore"):
        return [store if store.startswith("arn:") else scope.arn("cloudtrail", f"eventdatastore/{store}")]
    name = parameters.get("TrailName") or (("trail" in operation or "logging" in operation) and parameters.get("Name"))
    if not name:
        return []
    return [name if name.startswith("arn:") else scope.arn("cloudtrail", f"trail/{name}")]
