"""Which permissions CloudTrail's operations need: on the trail, whether it is named or given by ARN.

Source: Service Authorization Reference, AWS CloudTrail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cumulet.kernel import models
from cumulet.kernel.access import Need, pass_role
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import arn_account
from cumulet.kernel.store import ReadTransaction
from cumulet.services.cloudtrail import dashboards, policies, queries, tags
from cumulet.services.cloudtrail.errors import ResourceNotFoundException

_ON_EVERYTHING = frozenset({"describe_trails", "list_trails", "lookup_events", "list_public_keys"})
_ID = re.compile(r"[0-9a-fA-F-]{36}")


def needs(tx: ReadTransaction, scope: Scope, operation: str, parameters: Mapping[str, Any]) -> Iterator[Need]:
    action = models.load("cloudtrail").methods[operation].name
    arns = [] if operation in _ON_EVERYTHING else _arns(tx, scope, operation, parameters)
    given = parameters.get("TagsList") or parameters.get("Tags") or ()
    requested = {f"aws:requesttag/{tag['Key'].lower()}": tag.get("Value", "") for tag in given}
    keys = [tag["Key"] for tag in given]
    asked: dict[str, Any] = {**requested, "aws:tagkeys": keys} if keys else {}
    for arn in arns or ["*"]:
        own = {f"aws:resourcetag/{name.lower()}": value for name, value in tags.of(tx, arn).items()}
        yield Need(
            action=f"cloudtrail:{action}", resource=arn, account=arn_account(arn) or scope.account,
            policy=policies.find(tx, arn), context={**own, **asked},
        )  # fmt: skip
    if keys and operation.startswith("create_"):
        yield Need(action="cloudtrail:AddTags", resource=arns[0] if arns else "*", account=scope.account, context=asked)
    if operation == "start_dashboard_refresh":
        for arn in _of_dashboard(tx, scope, str(parameters.get("DashboardId", ""))):
            yield Need(
                action="cloudtrail:StartQuery", resource=arn, account=arn_account(arn) or scope.account,
                policy=policies.find(tx, arn),
            )  # fmt: skip
    if role := _role(operation, parameters):
        yield pass_role(role, "cloudtrail.amazonaws.com")


def _role(operation: str, parameters: Mapping[str, Any]) -> str:
    """The role that is handed to CloudTrail."""
    if operation == "enable_federation":
        return str(parameters.get("FederationRoleArn", ""))
    if operation == "start_import":
        return str((parameters.get("ImportSource") or {}).get("S3", {}).get("S3BucketAccessRoleArn", ""))
    return ""


def _arns(tx: ReadTransaction, scope: Scope, operation: str, parameters: Mapping[str, Any]) -> list[str]:
    if "ResourceIdList" in parameters:
        return list(parameters["ResourceIdList"])[:20]
    for member in ("ResourceId", "ResourceArn", "InsightSource"):
        if parameters.get(member):
            return [str(parameters[member])]
    home = Scope(account=parameters.get("EventDataStoreOwnerAccountId") or scope.account, region=scope.region)
    if named := _stores(tx, scope, home, operation, parameters):
        return named
    if channel := parameters.get("Channel"):
        return [_arn(scope, "channel", channel)]
    if dashboard := parameters.get("DashboardId") or ("dashboard" in operation and parameters.get("Name")):
        return [_arn(scope, "dashboard", dashboard)]
    name = parameters.get("TrailName") or (("trail" in operation or "logging" in operation) and parameters.get("Name"))
    return [_arn(scope, "trail", name)] if name else []


def _stores(tx: ReadTransaction, scope: Scope, home: Scope, operation: str, parameters: Mapping[str, Any]) -> list[str]:
    """The event data stores that are named, by the call or by the query it is about."""
    if store := parameters.get("EventDataStore"):
        return [_arn(home, "eventdatastore", store)]
    if query_id := parameters.get("QueryId"):
        query = queries.kept(tx, scope, query_id)
        return list(query.stores) if query is not None else []
    if operation == "start_query":
        statement = parameters.get("QueryStatement")
        if statement is None:
            statement = dashboards.statement_of(tx, scope, parameters.get("QueryAlias") or "")
        return _named(home, statement or "")
    if operation in ("start_import", "generate_query"):
        given = parameters.get("Destinations") or parameters.get("EventDataStores") or ()
        return [_arn(home, "eventdatastore", name) for name in given]
    return []


def _of_dashboard(tx: ReadTransaction, scope: Scope, name: str) -> list[str]:
    """The event data stores that a dashboard's queries read."""
    try:
        found = dashboards.find(tx, scope, name)
    except ResourceNotFoundException:
        return []
    return [arn for widget in found.widgets for arn in _named(scope, str(widget["QueryStatement"]))]


def _named(home: Scope, statement: str) -> list[str]:
    """The event data stores in a query."""
    names = queries.names_in(statement)
    return [_arn(home, "eventdatastore", name) for name in names if _ID.fullmatch(name.rpartition("/")[2])]


def _arn(scope: Scope, kind: str, name: str) -> str:
    return name if name.startswith("arn:") else scope.arn("cloudtrail", f"{kind}/{name}")
