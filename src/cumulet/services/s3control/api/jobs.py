"""S3 Batch Operations as clients drive them, and the work itself. The rules are in ../jobs.py and beside it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from cumulet.kernel.errors import NotImplementedYet, ServiceError
from cumulet.kernel.identity import Caller
from cumulet.kernel.kernel import Client
from cumulet.kernel.service import job
from cumulet.services.s3control import jobs, manifests, reports, tags, tasks
from cumulet.services.s3control.api.base import ControlBase, after_token, page_size, token_of
from cumulet.services.s3control.errors import InvalidRequest, MalformedXML
from cumulet.services.s3control.jobs import BatchJob, Outcome, Task

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):role/(?:[\w+=,.@/-]*/)?([\w+=,.@-]{1,64})")
_MOST_JOB_TAGS = 50
_AT_ONCE = 16
_HIGHEST_PRIORITY = 2**31 - 1


class Jobs(ControlBase):
    async def create_job(
        self,
        *,
        AccountId: str,
        Operation: dict[str, Any],
        Report: dict[str, Any],
        ClientRequestToken: str,
        Priority: int,
        RoleArn: str,
        ConfirmationRequired: bool | None = None,
        Manifest: dict[str, Any] | None = None,
        Description: str | None = None,
        Tags: list[dict[str, str]] | None = None,
        ManifestGenerator: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        tasks.check(Operation)
        _check_report(Report)
        _check_manifest(Manifest, ManifestGenerator)
        _check_priority(Priority)
        role = _ROLE.fullmatch(RoleArn)
        if role is None or role[1] != AccountId:
            raise InvalidRequest("The role has to be one of the account.")
        wanted = BatchJob(
            id=self.kernel.ids.uuid(), account=self.scope.account, region=self.scope.region, created=self.clock.now(),
            operation=Operation, report=Report, role=RoleArn, priority=Priority, token=ClientRequestToken,
            manifest=Manifest, generator=(ManifestGenerator or {}).get("S3JobManifestGenerator"),
            description=Description or "", confirm=bool(ConfirmationRequired),
            tags=tags.checked(Tags or [], at_most=_MOST_JOB_TAGS),
        )  # fmt: skip
        return {"JobId": await self.store.write(jobs.create, wanted)}

    async def describe_job(self, *, AccountId: str, JobId: str) -> dict[str, Any]:
        found = await self.store.read(jobs.get, self.scope, JobId)
        told: dict[str, Any] = {
            **_summary(self, found),
            "JobArn": found.arn,
            "ConfirmationRequired": found.confirm,
            "Operation": found.operation,
            "Report": found.report,
            "RoleArn": found.role,
        }
        optional = {
            "Manifest": found.manifest,
            "ManifestGenerator": {"S3JobManifestGenerator": found.generator} if found.generator else None,
            "FailureReasons": found.failures,
            "StatusUpdateReason": found.reason,
            "SuspendedDate": found.suspended,
            "SuspendedCause": "Awaiting confirmation" if found.suspended else None,
        }
        return {"Job": told | {name: value for name, value in optional.items() if value}}

    async def list_jobs(
        self,
        *,
        AccountId: str,
        JobStatuses: list[str] | None = None,
        NextToken: str | None = None,
        MaxResults: int | None = None,
    ) -> dict[str, Any]:
        limit = page_size(MaxResults)
        found = await self.store.read(jobs.page, self.scope, JobStatuses or [], after_token(NextToken), limit + 1)
        answer: dict[str, Any] = {
            "Jobs": [{**_summary(self, each), "Operation": each.action} for each in found[:limit]]
        }
        if len(found) > limit:
            answer["NextToken"] = token_of(found[limit - 1].id)
        return answer

    async def update_job_priority(self, *, AccountId: str, JobId: str, Priority: int) -> dict[str, Any]:
        _check_priority(Priority)
        changed = await self.store.write(jobs.set_priority, self.scope, JobId, Priority)
        return {"JobId": JobId, "Priority": changed.priority}

    async def update_job_status(
        self, *, AccountId: str, JobId: str, RequestedJobStatus: str, StatusUpdateReason: str | None = None
    ) -> dict[str, Any]:
        reason = StatusUpdateReason or ""
        changed = await self.store.write(jobs.set_status, self.scope, JobId, RequestedJobStatus, reason)
        answer = {"JobId": JobId, "Status": changed.status}
        return answer | ({"StatusUpdateReason": reason} if reason else {})

    async def get_job_tagging(self, *, AccountId: str, JobId: str) -> dict[str, Any]:
        return {"Tags": tags.listed((await self.store.read(jobs.get, self.scope, JobId)).tags)}

    async def put_job_tagging(self, *, AccountId: str, JobId: str, Tags: list[dict[str, str]]) -> dict[str, Any]:
        wanted = tags.checked(Tags, at_most=_MOST_JOB_TAGS)
        await self.store.write(jobs.set_tags, self.scope, JobId, wanted)
        return {}

    async def delete_job_tagging(self, *, AccountId: str, JobId: str) -> dict[str, Any]:
        await self.store.write(jobs.set_tags, self.scope, JobId, {})
        return {}

    @job
    async def prepare_job(self, job_id: str) -> None:
        """Read the manifest into tasks. One that cannot be read ends the job."""
        found = await self.store.write(jobs.begin_preparing, self.scope, job_id)
        if found is None:
            return
        total = 0
        try:
            s3 = self._client(found, await self._in_role(found), "s3")
            if found.manifest is not None:
                pages = manifests.tasks(s3, found.manifest)
            else:
                every = found.action == "S3ReplicateObject"
                pages = manifests.generated(s3, found.generator or {}, all_versions=every)
            async for page in pages:
                await self.store.write(jobs.add_tasks, found, total, page)
                total += len(page)
        except ServiceError as problem:
            await self.store.write(jobs.fail, found, problem.code, problem.message)
            return
        await self.store.write(jobs.prepared, found, total)

    @job
    async def run_job(self, job_id: str) -> None:
        """Run some tasks and go on later; after the last, write the report."""
        found, some = await self.store.write(jobs.begin_running, self.scope, job_id)
        if found.status in (*jobs.ENDED, jobs.SUSPENDED):
            return
        try:
            role = await self._in_role(found)
        except ServiceError as problem:
            await self.store.write(jobs.fail, found, problem.code, problem.message)
            return
        if some:
            outcomes = await self._run_all(found, role, some)
            await self.store.write(jobs.note, found, some, outcomes)
            return
        status, failures = jobs.final_status(found), []
        if found.report["Enabled"]:
            try:
                await reports.write(self._client(found, role, "s3"), found, self._results(found), self.clock.now())
            except ServiceError as problem:
                status = jobs.FAILED
                failures = [{"FailureCode": "ReportNotWritten", "FailureReason": str(problem)}]
        await self.store.write(jobs.end, found, status, failures)

    async def _run_all(self, found: BatchJob, role: Caller, some: list[Task]) -> list[Outcome]:
        clients = tasks.Clients(*(self._client(found, role, service) for service in ("s3", "lambda")))
        room = asyncio.Semaphore(_AT_ONCE)

        async def run(task: Task) -> Outcome:
            async with room:
                return await tasks.run(clients, found, task)

        return await asyncio.gather(*(run(task) for task in some))

    def _results(self, found: BatchJob) -> reports.Results:
        async def read(since: int) -> reports.Rows:
            return await self.store.read(jobs.results, found, since)

        return read

    async def _in_role(self, found: BatchJob) -> Caller:
        """Batch Operations in the job's role. Raises AccessDenied where the role does not let it."""
        return await self.assume(found.role, f"s3-batch-operations_{found.id}"[:64], source_arn=found.arn)

    def _client(self, found: BatchJob, role: Caller, service: str) -> Client:
        """Another service as the job's role sees it."""
        return self.kernel.client(role, service, found.region)


def _summary(service: ControlBase, found: BatchJob) -> dict[str, Any]:
    until = found.ended or service.clock.now()
    elapsed = int((until - found.begun).total_seconds()) if found.begun is not None else 0
    told: dict[str, Any] = {
        "JobId": found.id,
        "Description": found.description,
        "Priority": found.priority,
        "Status": found.status,
        "CreationTime": found.created,
        "ProgressSummary": {
            "TotalNumberOfTasks": found.total,
            "NumberOfTasksSucceeded": found.succeeded,
            "NumberOfTasksFailed": found.failed,
            "Timers": {"ElapsedTimeInActiveSeconds": elapsed},
        },
    }
    return told | ({"TerminationDate": found.ended} if found.ended is not None else {})


def _check_report(report: dict[str, Any]) -> None:
    if not report["Enabled"]:
        return
    if not str(report.get("Bucket") or "").startswith("arn:"):
        raise InvalidRequest("A report needs the ARN of a bucket.")
    if report.get("Format") != reports.FORMAT or report.get("ReportScope") not in ("AllTasks", "FailedTasksOnly"):
        raise MalformedXML


def _check_manifest(manifest: dict[str, Any] | None, generator: dict[str, Any] | None) -> None:
    if (manifest is None) == (generator is None):
        raise InvalidRequest("A job needs either a manifest or a manifest generator.")
    if manifest is None:
        wanted = (generator or {}).get("S3JobManifestGenerator")
        if wanted is None:
            raise MalformedXML
        if wanted["EnableManifestOutput"] or (wanted.get("Filter") or {}).get("MatchAnyObjectEncryption"):
            raise NotImplementedYet("Cumulet does not keep generated manifests or filter by encryption yet.")
        return
    form, fields = manifest["Spec"]["Format"], manifest["Spec"].get("Fields") or []
    if form not in (manifests.CSV, manifests.INVENTORY) or not set(fields) <= set(manifests.FIELDS):
        raise MalformedXML
    if form == manifests.CSV and not {"Bucket", "Key"} <= set(fields):
        raise InvalidRequest("The fields of a manifest have to name Bucket and Key.")
    if form == manifests.INVENTORY and fields:
        raise InvalidRequest("The fields of an inventory are in the inventory's own manifest.")
    manifests.locate(manifest["Location"]["ObjectArn"])


def _check_priority(priority: int) -> None:
    if not 0 <= priority <= _HIGHEST_PRIORITY:
        raise InvalidRequest(f"The priority has to be between 0 and {_HIGHEST_PRIORITY}.")
