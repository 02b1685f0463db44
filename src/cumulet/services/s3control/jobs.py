"""Jobs of S3 Batch Operations: their records, their states, and what is left for each to do.

A job is prepared (its manifest becomes tasks in the store), then run, a handful of tasks at a time, and at last its
report is written. Where it stands is always in the store, so that it goes on after a restart; a task may then run
twice. Source: S3 User Guide, "S3 Batch Operations job status"."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3control.errors import InvalidRequest, JobStatusException, NoSuchJob

PREPARE, RUN = "s3control.prepare_job", "s3control.run_job"
NEW, PREPARING, SUSPENDED, READY, ACTIVE = "New", "Preparing", "Suspended", "Ready", "Active"
COMPLETING, COMPLETE, FAILED, CANCELLING, CANCELLED = "Completing", "Complete", "Failed", "Cancelling", "Cancelled"
ENDED = (COMPLETE, FAILED, CANCELLED)
PAGE = 200
"""Tasks that are run, or rows that are read, in one go."""
_TRIED_BEFORE_FAILING = 1000
"""A job of which half the tasks fail is given up once it has run as many as this."""


class BatchJob(Record):
    id: str
    account: str
    region: str
    created: datetime
    operation: dict[str, Any]
    report: dict[str, Any]
    role: str
    priority: int
    token: str
    manifest: dict[str, Any] | None = None
    generator: dict[str, Any] | None = None
    description: str = ""
    confirm: bool = False
    """Whether it waits to be confirmed before it runs."""
    tags: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    status: str = NEW
    total: int = 0
    position: int = 0
    """The number of the next task."""
    succeeded: int = 0
    failed: int = 0
    begun: datetime | None = None
    """When it first became active."""
    ended: datetime | None = None
    suspended: datetime | None = None
    reason: str = ""
    failures: list[dict[str, str]] = []  # noqa: RUF012

    @property
    def scope(self) -> Scope:
        return Scope(account=self.account, region=self.region)

    @property
    def arn(self) -> str:
        return self.scope.arn("s3", f"job/{self.id}")

    @property
    def action(self) -> str:
        """The one operation that the job does, as the API names it."""
        return next(iter(self.operation))


class Task(NamedTuple):
    bucket: str
    key: str
    version_id: str


class Outcome(NamedTuple):
    """How a task ended: an HTTP status, and the error's code where it failed."""

    status: int
    code: str
    message: str

    @property
    def is_success(self) -> bool:
        return not self.code


def create(tx: Transaction, job: BatchJob) -> str:
    """Returns the job's id; that of the first, where the same request comes again."""
    known: str | None = tx.get(_token(job.scope, job.token))
    if known is not None:
        return known
    tx.put(_token(job.scope, job.token), job.id)
    tx.put(_key(job.scope, job.id), job)
    tx.schedule(tx.now, PREPARE, {"job_id": job.id}, scope=job.scope, key=job.id)
    return job.id


def get(tx: ReadTransaction, scope: Scope, job_id: str) -> BatchJob:
    """Raises NoSuchJob."""
    job: BatchJob | None = tx.get(_key(scope, job_id))
    if job is None:
        raise NoSuchJob
    return job


def page(tx: ReadTransaction, scope: Scope, statuses: list[str], after: str, limit: int) -> list[BatchJob]:
    """The jobs in one of the states, by id, those behind `after`."""
    found: list[BatchJob] = []
    for job in tx.range(_key(scope), after=after or None):
        if not statuses or job.status in statuses:
            found.append(job)
        if len(found) == limit:
            break
    return found


def change(tx: Transaction, scope: Scope, job_id: str, **changes: Any) -> BatchJob:
    """Raises NoSuchJob."""
    job = replace(get(tx, scope, job_id), **changes)
    tx.put(_key(scope, job_id), job)
    return job


def set_tags(tx: Transaction, scope: Scope, job_id: str, tags: dict[str, str]) -> None:
    """Raises NoSuchJob."""
    change(tx, scope, job_id, tags=tags)


def set_priority(tx: Transaction, scope: Scope, job_id: str, priority: int) -> BatchJob:
    """Raises NoSuchJob, or JobStatusException for a job that has ended."""
    job = get(tx, scope, job_id)
    if job.status in ENDED:
        raise JobStatusException(f"The priority of a job in the state {job.status} cannot be changed.")
    return change(tx, scope, job_id, priority=priority)


def set_status(tx: Transaction, scope: Scope, job_id: str, wanted: str, reason: str) -> BatchJob:
    """Confirm a job ("Ready") or cancel it. Raises NoSuchJob, InvalidRequest or JobStatusException."""
    job = get(tx, scope, job_id)
    if wanted == READY:
        if job.status != SUSPENDED:
            raise JobStatusException(f"A job in the state {job.status} cannot be made ready.")
        schedule_run(tx, job)
        return change(tx, scope, job_id, status=READY, suspended=None, reason=reason)
    if wanted != CANCELLED:
        raise InvalidRequest(f"Invalid requested job status: {wanted[:64]}")
    if job.status in (*ENDED, CANCELLING, COMPLETING):
        raise JobStatusException(f"A job in the state {job.status} cannot be cancelled.")
    if job.begun is None:
        forget_work(tx, job)
        return change(tx, scope, job_id, status=CANCELLED, ended=tx.now, reason=reason)
    schedule_run(tx, job)
    return change(tx, scope, job_id, status=CANCELLING, reason=reason)


# Preparing


def begin_preparing(tx: Transaction, scope: Scope, job_id: str) -> BatchJob | None:
    """The job, if it still is to be prepared; what an earlier attempt left is taken away."""
    job = get(tx, scope, job_id)
    if job.status not in (NEW, PREPARING):
        return None
    forget_work(tx, job)
    return change(tx, scope, job_id, status=PREPARING)


def add_tasks(tx: Transaction, job: BatchJob, first: int, tasks: list[Task]) -> None:
    for number, task in enumerate(tasks, first):
        tx.put(_work(job, "task", number), list(task))


def prepared(tx: Transaction, job: BatchJob, total: int) -> None:
    """All tasks are there: run, or wait to be confirmed. A job that was cancelled meanwhile stays so."""
    known = get(tx, job.scope, job.id)
    if known.status != PREPARING:
        forget_work(tx, known)
    elif job.confirm:
        change(tx, job.scope, job.id, status=SUSPENDED, suspended=tx.now, total=total)
    else:
        change(tx, job.scope, job.id, status=READY, total=total)
        schedule_run(tx, job)


def fail(tx: Transaction, job: BatchJob, code: str, reason: str) -> None:
    forget_work(tx, job)
    failures = [{"FailureCode": code, "FailureReason": reason}]
    change(tx, job.scope, job.id, status=FAILED, ended=tx.now, failures=failures)


# Running


def schedule_run(tx: Transaction, job: BatchJob) -> None:
    tx.schedule(tx.now, RUN, {"job_id": job.id}, scope=job.scope, key=job.id)


def begin_running(tx: Transaction, scope: Scope, job_id: str) -> tuple[BatchJob, list[Task]]:
    """The job and its next tasks; none where it has run all, was cancelled, or fails too often."""
    job = get(tx, scope, job_id)
    if job.status == READY:
        job = change(tx, scope, job_id, status=ACTIVE, begun=tx.now)
    if job.status != ACTIVE or _fails_too_often(job):
        return job, []
    tasks = [Task(*each) for each in tx.range(_work(job, "task"), since=job.position, limit=PAGE)]
    if not tasks:
        job = change(tx, scope, job_id, status=COMPLETING)
    return job, tasks


def note(tx: Transaction, job: BatchJob, tasks: list[Task], outcomes: list[Outcome]) -> None:
    """Keep how tasks ended, and go on with the next. Does nothing if that was noted before."""
    known = get(tx, job.scope, job.id)
    if known.position != job.position:
        return
    for number, (task, outcome) in enumerate(zip(tasks, outcomes, strict=True), job.position):
        tx.put(_work(job, "result", number), [list(task), list(outcome)])
        tx.delete(_work(job, "task", number))
    succeeded = sum(outcome.is_success for outcome in outcomes)
    change(
        tx, job.scope, job.id, position=job.position + len(tasks), succeeded=known.succeeded + succeeded,
        failed=known.failed + len(tasks) - succeeded,
    )  # fmt: skip
    schedule_run(tx, job)


def results(tx: ReadTransaction, job: BatchJob, since: int) -> list[tuple[Task, Outcome]]:
    found = tx.range(_work(job, "result"), since=since, limit=PAGE)
    return [(Task(*task), Outcome(*outcome)) for task, outcome in found]


def end(tx: Transaction, job: BatchJob, status: str, failures: list[dict[str, str]]) -> None:
    forget_work(tx, job)
    change(tx, job.scope, job.id, status=status, ended=tx.now, failures=failures)


def final_status(job: BatchJob) -> str:
    """What becomes of a job without further tasks."""
    if job.status == CANCELLING:
        return CANCELLED
    return FAILED if _fails_too_often(job) else COMPLETE


def forget_work(tx: Transaction, job: BatchJob) -> None:
    tx.delete_range(_work(job, "task"))
    tx.delete_range(_work(job, "result"))


def _fails_too_often(job: BatchJob) -> bool:
    tried = job.succeeded + job.failed
    return tried >= _TRIED_BEFORE_FAILING and job.failed > tried / 2


def _key(scope: Scope, *job_id: str) -> Key:
    return scope.key("s3control", "job", *job_id)


def _token(scope: Scope, token: str) -> Key:
    return scope.key("s3control", "job-token", token)


def _work(job: BatchJob, kind: str, *number: int) -> Key:
    return job.scope.key("s3control", kind, job.id, *number)
