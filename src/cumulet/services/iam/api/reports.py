"""The operations about the credential report."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import Service, job
from cumulet.services.iam import credential_report

_SAID = {
    credential_report.STARTED: "No report exists. Starting a new report generation task",
    credential_report.IN_PROGRESS: "The report is being generated",
}


class Reports(Service):
    async def generate_credential_report(self) -> dict[str, Any]:
        state = await self.store.write(credential_report.start, self.scope)
        return {"State": state, **({"Description": _SAID[state]} if state in _SAID else {})}

    async def get_credential_report(self) -> dict[str, Any]:
        report = await self.store.read(credential_report.get, self.scope.account)
        return {"Content": report.text, "ReportFormat": "text/csv", "GeneratedTime": report.made}

    @job
    async def make_credential_report(self) -> None:
        await self.kernel.audit.written()
        await self.store.write(credential_report.make, self.scope.account)
