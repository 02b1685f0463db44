"""The audit record: every call leaves one, who made it, from where, what was asked, and how it was answered.

On the way of a request a call is only noted, by reference. What was noted is written a moment later, in one
transaction: management events always, and kept for 90 days; data events where a reader wants them; and in the ledger
of use (`use`), what each principal used. What is told of a call is free of secrets before it is written. Whoever
reads the record calls `written` first."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from cumulet.kernel import identity, jobs
from cumulet.kernel.access import Need
from cumulet.kernel.audit import entries, operations, readers, use
from cumulet.kernel.audit.entries import DATA, MANAGEMENT, Denial, Entry
from cumulet.kernel.audit.operations import Plan
from cumulet.kernel.audit.use import Use
from cumulet.kernel.authz import Decision
from cumulet.kernel.errors import ClientGone, NotImplementedYet, ServiceError
from cumulet.kernel.identity import Caller, Kind, LastUse
from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope

if TYPE_CHECKING:
    from cumulet.kernel.kernel import Kernel
    from cumulet.kernel.service import RequestInfo, Service
    from cumulet.kernel.store import Transaction

log = logging.getLogger("cumulet.audit")

use_of = use.of
denials = entries.denials

KEPT = timedelta(days=90)
"""How long management events can be looked up (CloudTrail User Guide, event history)."""
_DATA_KEPT = timedelta(days=2)
"""Data events wait for their readers so long, if those cannot deliver."""
_TRIM, _TRIM_EVERY = "audit.trim", timedelta(days=1)
_TRIMMED_AT_ONCE = 1000
_WRITTEN_AFTER_SECONDS = 0.2
_WRITTEN_AT = 1000
"""So many noted calls are written at once, however little time has passed."""
_MOST_WAITING = 20_000
"""While the store refuses to write, the oldest calls beyond so many are given up."""
_MOST_HELD = 4 * 1024 * 1024
"""Bytes of noted requests after which they are written at once."""
_LONGEST_HELD = 2048
_NOTED_OF_A_KIND = 32
"""Data operations that nobody reads of are noted one by one only so often in a batch: enough for the ledger of use,
and no burden to those who make thousands of them. The rest is counted."""
_CHUNK = 500
_ACCOUNT = re.compile(r"[0-9]{12}")
_UNWRITABLE = (TypeError, ValueError, LookupError, AttributeError, OverflowError, msgspec.MsgspecError)
_LONGEST_MESSAGE = 1024


_Kind = tuple[str, Plan, str]
"""Calls that are alike: of one principal, to one operation, and on one resource if permission was asked for."""


class _Failure(NamedTuple):
    code: str
    message: str
    denial: Denial | None


class _Noted(NamedTuple):
    plan: Plan
    call: Service
    parameters: Mapping[str, Any]
    result: Any
    failure: _Failure | None
    seconds: float


class Audit:
    """Keeps the record of one cloud."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._clock = kernel.clock
        self._plans: dict[tuple[type[Service], str], Plan | None] = {}
        self._noted: list[_Noted] = []
        self._entries: list[Entry] = []
        self._held = 0
        """Bytes of the requests that are held, as their lengths say."""
        self._tallies: dict[_Kind, int] = {}
        """Calls of data operations, of which only some of each kind are noted one by one."""
        self._watched: dict[str, frozenset[str]] = {}
        """By account, the services whose data events somebody reads. What is missing is not known yet."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to write what is noted, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        if self._noted or self._entries:
            self._write_soon()

    async def stop(self) -> None:
        """Write what is still to be written."""
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await asyncio.gather(*self._writing)
        await self.written()

    def note(
        self, call: Service, method: str, parameters: Mapping[str, Any], result: Any, error: Exception | None
    ) -> None:
        """Remember a call that has just ended, with its answer or its error."""
        try:
            plan = self._plans[call.__class__, method]
        except KeyError:
            plan = self._plan(call.__class__, method)
        if plan is None:
            return
        failure = None
        if error is not None:
            if isinstance(error, NotImplementedYet | ClientGone):
                return
            failure = _failure(error)
        if plan.data and not self._is_watched(plan.service, call):
            if failure is None and self._tally(_kind(call, plan)) > _NOTED_OF_A_KIND:
                return
            kept: Mapping[str, Any] = {
                name: value for name, value in parameters.items() if type(value) is str and len(value) < _LONGEST_HELD
            }
            result = None
        else:
            kept = {n: v for n, v in parameters.items() if n not in plan.streams} if plan.streams else parameters
            result = result if plan.answer_told else None
            self._held += _length(call.request)
        self._noted.append(_Noted(plan, call, kept, result, failure, self._clock.seconds()))
        if self._timer is None:
            self._write_soon()
        elif (len(self._noted) == _WRITTEN_AT or self._held > _MOST_HELD) and self._loop is not None:
            self._held = 0
            self._loop.call_soon(self._write_now)

    def note_event(
        self,
        caller: Caller,
        scope: Scope,
        request: RequestInfo,
        source: str,
        name: str,
        *,
        kind: str = "AwsServiceEvent",
        response: Any = None,
        additional: Any = None,
        error: str = "",
        message: str = "",
    ) -> None:
        """Record what is no call of an API, such as a sign-in to the console: source "signin.amazonaws.com", name
        "ConsoleLogin", kind "AwsConsoleSignIn". The values are told as they are: no secrets."""
        event = Entry(
            id=self._kernel.ids.uuid(), time=self._clock.now(), account=scope.account, region=scope.region,
            service=source, operation=name, caller=_told(caller), request_id=request.id, source_ip=request.source_ip,
            user_agent=request.user_agent[:_LONGEST_MESSAGE], host=_host(request), secure=request.secure,
            response=response, error=error, message=message, kind=kind, additional=additional,
        )  # fmt: skip
        self._entries.append(event)
        if self._timer is None:
            self._write_soon()

    async def written(self) -> None:
        """Return when everything noted so far can be read from the store."""
        self._held = 0
        noted, self._noted = self._noted, []
        tallies, self._tallies = self._tallies, {}
        events, self._entries = self._entries, []
        if noted or events:
            try:
                await self._kernel.store.write(self._write, noted, tallies, events)
            except _UNWRITABLE:  # a bug of ours, which would be there the next time too
                log.exception("%d calls could not be recorded", len(noted) + len(events))
            except BaseException:  # a full disk, say: what could not be written is tried again with the next
                self._noted = [*noted, *self._noted][-_MOST_WAITING:]
                self._entries = [*events, *self._entries][-_MOST_WAITING:]
                raise

    def readers_changed(self) -> None:
        """To be called when a reader came, went, or wants other data events."""
        self._watched.clear()

    async def run(self, job: str) -> None:
        """Do the record's own work that was scheduled."""
        assert job == "trim"
        await self._kernel.store.write(_trim)

    def _plan(self, service: type[Service], method: str) -> Plan | None:
        plan = operations.plan(service.name, method, service.data_operations)
        self._plans[service, method] = plan
        return plan

    def _is_watched(self, service: str, call: Service) -> bool:
        """Whether somebody may want to read of it: the caller's account, or the owner of what it was about."""
        own = call.caller.account or call.scope.account
        return self._wants(own, service) or any(
            self._wants(need.account, service) for need in call.needs_asked if need.account and need.account != own
        )

    def _wants(self, account: str, service: str) -> bool:
        services = self._watched.get(account)
        return services is None or service in services

    def _tally(self, kind: _Kind | None) -> int:
        if kind is None:
            return 0
        count = self._tallies[kind] = self._tallies.get(kind, 0) + 1
        return count

    def _write_soon(self) -> None:
        if self._loop is not None:
            self._timer = self._loop.call_later(_WRITTEN_AFTER_SECONDS, self._write_now)

    def _write_now(self) -> None:
        self._timer = None
        if self._loop is not None:
            task = self._loop.create_task(self._try_to_write())
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _try_to_write(self) -> None:
        try:
            await self.written()
        except Exception as error:
            log.warning("the audit record could not be written: %s", error)
            if self._timer is None:
                self._write_soon()

    def _write(
        self, tx: Transaction, noted: Sequence[_Noted], tallies: Mapping[_Kind, int], events: Sequence[Entry]
    ) -> None:
        batch = _Batch(self, tx)
        for each in noted:
            try:
                batch.take(each)
            except _UNWRITABLE:  # a bug of ours must not take the others off the record
                log.exception("a call of %s could not be recorded", each.plan.action)
        batch.count(tallies)
        for event in events:
            batch.add(event)
        batch.keep()

    def wanted(self, tx: Transaction, account: str) -> tuple[readers.Reader, ...]:
        """Who reads the record of an account; from now on, calls know what data events they want."""
        found = readers.of(tx, account, self._management_account(tx, account))
        self._watched[account] = frozenset(service for reader in found for service in reader.data)
        return found

    def _management_account(self, tx: Transaction, account: str) -> str:
        membership = self._kernel.authority.membership(tx, account)
        return membership.management_account if membership is not None else ""


class _Batch:
    """Calls on their way into the store."""

    def __init__(self, audit: Audit, tx: Transaction) -> None:
        self._audit = audit
        self._tx = tx
        self._readers: dict[str, tuple[readers.Reader, ...]] = {}
        self._chunks: dict[tuple[str, str, bool], list[Entry]] = {}
        self._uses: dict[tuple[str, str, str], _Uses] = {}
        self._keys: dict[str, LastUse] = {}
        self._latest: dict[_Kind, list[_Uses]] = {}

    def take(self, noted: _Noted) -> None:
        time = datetime.fromtimestamp(noted.seconds, UTC)
        needs = self._needs(noted)
        if noted.failure is None or noted.failure.denial is None:
            self._use(noted, needs, time)
        accounts = _accounts(noted, needs)
        told: Entry | None = None
        shared = self._tx.uuid() if len(accounts) > 1 else ""
        for account in accounts:
            if noted.plan.data and not self._wants(account, noted.plan.service):
                continue
            told = told or _entry(noted, needs, time)
            self.add(replace(told, id=self._tx.uuid(), account=account, shared=shared))

    def add(self, entry: Entry) -> None:
        self._wanted(entry.account)
        self._chunks.setdefault((entry.account, entry.region, entry.data), []).append(entry)

    def keep(self) -> None:
        for batch in self._chunks.values():
            batch.sort(key=lambda entry: entry.time)
            for start in range(0, len(batch), _CHUNK):
                entries.keep(self._tx, batch[start : start + _CHUNK])
        for (account, _, _), batch in self._chunks.items():
            readers.call(self._tx, self._wanted(account), batch[0].time)
        for (account, principal, action), uses in self._uses.items():
            use.add(self._tx, account, principal, uses.sum(action))
        for access_key, last in self._keys.items():
            if identity.find_key(self._tx, access_key) is not None:
                identity.note_use(self._tx, access_key, last)
        if self._chunks and not jobs.is_scheduled(self._tx, _TRIM, "trim"):
            self._tx.schedule(self._tx.now + _TRIM_EVERY, _TRIM, key="trim")

    def _wants(self, account: str, service: str) -> bool:
        return any(service in reader.data for reader in self._wanted(account))

    def _wanted(self, account: str) -> tuple[readers.Reader, ...]:
        found = self._readers.get(account)
        if found is None:
            found = self._readers[account] = self._audit.wanted(self._tx, account)
        return found

    def count(self, tallies: Mapping[_Kind, int]) -> None:
        """Add the calls that were not noted one by one: they are counted as the last that was."""
        for kind, total in tallies.items():
            for uses in self._latest.get(kind, ()):
                uses.count += max(0, total - _NOTED_OF_A_KIND)

    def _needs(self, noted: _Noted) -> Sequence[Need]:
        """What the call had to be permitted, or would have had to."""
        if noted.call.needs_asked:
            return noted.call.needs_asked
        try:
            return list(noted.call.needs(self._tx, noted.plan.method, noted.parameters))
        except Exception:  # what it was about may be gone by now, or was not held: the record does without
            return ()

    def _use(self, noted: _Noted, needs: Sequence[Need], time: datetime) -> None:
        caller, plan = noted.call.caller, noted.plan
        if caller.kind in (Kind.SERVICE, Kind.ANONYMOUS):
            return
        region = plan.region or noted.call.scope.region
        if caller.access_key.startswith(identity.LONG_TERM):
            self._keys[caller.access_key] = LastUse(time=time, service=plan.prefix, region=region)
        latest: list[_Uses] = []
        for action, resource in [(need.action, need.resource) for need in needs] or [(plan.action, "")]:
            key = (caller.account, caller.identity_arn, action)
            uses = self._uses.get(key)
            if uses is None:
                uses = self._uses[key] = _Uses(time)
            uses.count += 1
            uses.last, uses.region = time, region
            uses.regions.add(region)
            if resource and len(uses.resources) < 4 * use.MOST_RESOURCES:
                uses.resources.add(_clean(resource))
            latest.append(uses)
        if (kind := _kind(noted.call, plan)) is not None:
            self._latest[kind] = latest


class _Uses:
    """Uses of one action by one principal, summed up."""

    __slots__ = ("count", "first", "last", "region", "regions", "resources")

    def __init__(self, time: datetime) -> None:
        self.count = 0
        self.first = self.last = time
        self.region = ""
        self.regions: set[str] = set()
        self.resources: set[str] = set()

    def sum(self, action: str) -> Use:
        return Use(
            action=action, count=self.count, first=self.first, last=self.last, region=self.region,
            regions=tuple(sorted(self.regions)), resources=use.generalised(self.resources),
        )  # fmt: skip


def _kind(call: Service, plan: Plan) -> _Kind | None:
    """None for a call that is like no other."""
    needs = call.needs_asked
    if len(needs) > 1:
        return None
    return (call.caller.arn, plan, needs[0].resource if needs else "")


def _accounts(noted: _Noted, needs: Iterable[Need]) -> list[str]:
    """Whose record a call goes into: the caller's, and, if it succeeded, that of each owner of what it was about. Who
    has no account of its own is on the record of the owners in any case."""
    own = noted.call.caller.account or noted.call.scope.account
    owners = [need.account for need in needs if _ACCOUNT.fullmatch(need.account)]
    if own:
        return list(dict.fromkeys((own, *owners))) if noted.failure is None else [own]
    return list(dict.fromkeys(owners))


def _entry(noted: _Noted, needs: Sequence[Need], time: datetime) -> Entry:
    call, plan, failure = noted.call, noted.plan, noted.failure
    request = call.request
    return Entry(
        id="",
        time=time,
        account="",
        region=plan.region or call.scope.region,
        service=plan.service,
        operation=plan.name,
        caller=_told(call.caller),
        request_id=request.id,
        source_ip=request.source_ip,
        user_agent=request.user_agent[:_LONGEST_MESSAGE],
        host=_host(request),
        secure=request.secure,
        read_only=plan.read_only,
        data=plan.data,
        parameters=plan.write_parameters(noted.parameters),
        response=plan.write_answer(noted.result) if isinstance(noted.result, Mapping) else None,
        error=failure.code if failure is not None else "",
        message=failure.message if failure is not None else "",
        resources=tuple(
            dict.fromkeys(
                (_clean(n.resource), n.account or call.scope.account) for n in needs[:16] if n.resource != "*"
            )
        ),
        denial=failure.denial if failure is not None else None,
    )


def _told(caller: Caller) -> Caller:
    """Who it was, without the texts of session policies."""
    session = caller.session
    if session is None or session.policies is None:
        return caller
    return replace(caller, session=replace(session, policies=None, policy_arns=()))


def _failure(error: Exception) -> _Failure:
    """An error without what hangs on it: a traceback holds the request's body."""
    denial = _denial(getattr(error, "asked", None), getattr(error, "because", None))
    if isinstance(error, ServiceError):
        return _Failure(error.code, _clean(error.message), denial)
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return _Failure(code, _clean(str(error)), denial)
    return _Failure("InternalFailure", "An internal error occurred", None)


def _denial(asked: Need | None, because: Decision | None) -> Denial | None:
    """What the policy engine said, if it was it that refused. Condition keys that are worked out only when a policy
    asks are left out."""
    if asked is None or because is None:
        return None
    given = asked.context.items() if isinstance(asked.context, Mapping) else ()
    return Denial(
        action=asked.action, resource=_clean(asked.resource), account=asked.account, reason=because.reason.name,
        layer=because.layer.name, policy=because.policy.source if because.policy is not None else "",
        statement=because.statement.sid if because.statement is not None else "",
        context={
            _clean(name): _clean(v) if isinstance(v, str) else [_clean(str(each)) for each in v] for name, v in given
        },
    )  # fmt: skip


def _length(request: RequestInfo) -> int:
    told = request.headers.get("content-length", "")
    return int(told) if told.isdecimal() and len(told) < 12 else 0


def _clean(text: str) -> str:
    """A text that has bytes, and not too many: what clients write may hold half characters."""
    return text[:_LONGEST_MESSAGE].encode(errors="replace").decode()


def _host(request: RequestInfo) -> str:
    return request.headers.get("host", "")[:256]


def _trim(tx: Transaction) -> None:
    """Forget what is too old to be looked up or delivered, some at once."""
    removed = 0
    for account in list(entries.accounts(tx)):
        use.trim(tx, account)
        for category, kept in ((MANAGEMENT, KEPT), (DATA, _DATA_KEPT)):
            for region in list(entries.regions(tx, account, category)):
                base = (*entries.space(account, category), region)
                old = [key for key, _ in tx.items(base, before=tx.now - kept, limit=_TRIMMED_AT_ONCE)]
                for key in old:
                    tx.delete(key)
                removed = max(removed, len(old))
    pause = timedelta(0) if removed == _TRIMMED_AT_ONCE else _TRIM_EVERY
    if removed or next(entries.accounts(tx), None) is not None:
        tx.schedule(tx.now + pause, _TRIM, key="trim")
