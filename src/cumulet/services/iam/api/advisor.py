"""The operations of access advisor. A report is made at once, out of what is recorded up to then."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import Service
from cumulet.services.iam import access_advisor, pages, service_names
from cumulet.services.iam.access_advisor import AccessReport, EntityUse, ServiceUse, Used


class Advisor(Service):
    async def generate_service_last_accessed_details(
        self, *, Arn: str, Granularity: str = access_advisor.SERVICE_LEVEL
    ) -> dict[str, Any]:
        await self.kernel.audit.written()
        report = await self.store.write(access_advisor.generate, self.scope.account, Arn, Granularity)
        return {"JobId": report.id}

    async def get_service_last_accessed_details(
        self, *, JobId: str, MaxItems: int | None = None, Marker: str | None = None
    ) -> dict[str, Any]:
        report = await self.store.read(access_advisor.get, self.scope.account, JobId)
        page, more = pages.cut(report.services, lambda service: service.prefix, Marker, MaxItems)
        with_actions = report.granularity == access_advisor.ACTION_LEVEL
        shown = [_service(each, with_actions=with_actions) for each in page]
        return {**_job(report), "JobType": report.granularity, "ServicesLastAccessed": shown, **more}

    async def get_service_last_accessed_details_with_entities(
        self, *, JobId: str, ServiceNamespace: str, MaxItems: int | None = None, Marker: str | None = None
    ) -> dict[str, Any]:
        report = await self.store.read(access_advisor.get, self.scope.account, JobId)
        users = access_advisor.service_of(report, ServiceNamespace).entities
        page, more = pages.cut(users, lambda each: each.id, Marker, MaxItems)
        return {**_job(report), "EntityDetailsList": [_entity(each) for each in page], **more}


def _job(report: AccessReport) -> dict[str, Any]:
    return {"JobStatus": "COMPLETED", "JobCreationDate": report.asked, "JobCompletionDate": report.asked}


def _service(service: ServiceUse, *, with_actions: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ServiceName": service_names.full(service.prefix),
        "ServiceNamespace": service.prefix,
        "TotalAuthenticatedEntities": len(service.entities),
    }
    if service.entities:
        latest = service.entities[0]
        shown["LastAuthenticated"] = latest.service.last
        shown["LastAuthenticatedEntity"] = latest.arn
        shown["LastAuthenticatedRegion"] = latest.service.region
    if with_actions and service.entities:
        shown["TrackedActionsLastAccessed"] = _actions(service)
    return shown


def _actions(service: ServiceUse) -> list[dict[str, Any]]:
    """Each action once, by who used it last."""
    latest: dict[str, tuple[Used, str]] = {}
    for entity in service.entities:
        for used in entity.actions:
            if used.name not in latest or latest[used.name][0].last < used.last:
                latest[used.name] = used, entity.arn
    return [
        {
            "ActionName": name,
            "LastAccessedEntity": arn,
            "LastAccessedTime": used.last,
            "LastAccessedRegion": used.region,
        }
        for name, (used, arn) in sorted(latest.items())
    ]


def _entity(use: EntityUse) -> dict[str, Any]:
    info = {"Arn": use.arn, "Name": use.name, "Type": use.kind, "Id": use.id, "Path": use.path}
    return {"EntityInfo": info, "LastAuthenticated": use.service.last}
