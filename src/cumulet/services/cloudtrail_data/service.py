"""PutAuditEvents. The channels, and what becomes of the events, are CloudTrail's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cumulet.kernel.access import Need
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.service import Service, arn_account
from cumulet.kernel.store import ReadTransaction
from cumulet.services.cloudtrail_data.errors import ChannelNotFound, DuplicatedAuditEventId, InvalidChannelARN


class CloudTrailData(Service):
    data_operations = frozenset({"put_audit_events"})

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        arn = str(parameters.get("channelArn", ""))
        policy = self.kernel.registry.load("cloudtrail").policy_of(tx, arn)  # type: ignore[attr-defined]
        yield Need(
            action="cloudtrail-data:PutAuditEvents", resource=arn, account=arn_account(arn), policy=policy,
            context={"cloudtrail:externalid": str(parameters["externalId"])} if parameters.get("externalId") else {},
        )  # fmt: skip

    async def put_audit_events(
        self, *, auditEvents: Sequence[Mapping[str, Any]], channelArn: str, externalId: str | None = None
    ) -> dict[str, Any]:
        if len({event["id"] for event in auditEvents}) < len(auditEvents):
            raise DuplicatedAuditEventId("Two or more entries in the request have the same event ID.")
        owner = arn_account(channelArn) or self.scope.account
        try:
            told: Any = await self.client("cloudtrail", account=owner).take_events(
                Channel=channelArn, Events=auditEvents
            )
        except ServiceError as error:
            raise _ERRORS.get(error.code, type(error))(error.message) from None
        return {
            "successful": [{"id": each.id, "eventID": each.event_id} for each in told if each.event_id],
            "failed": [
                {"id": each.id, "errorCode": each.code, "errorMessage": each.message} for each in told if each.code
            ],
        }


_ERRORS: Mapping[str, type[ServiceError]] = {
    "ChannelNotFoundException": ChannelNotFound,
    "ChannelARNInvalidException": InvalidChannelARN,
}
