"""The audit record: every call leaves one, who made it, from where, what was asked, and how it was answered.

On the way of a request a call is only noted, by reference. What was noted is written a moment later, in one
transaction: management events always, and kept for 90 days; data events where a reader wants them; and in the ledger
of use (`use`), what each principal used. What is told of a call is free of secrets before it is written. Whoever
reads the record calls `written` first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from cumulet.kernel import jobs
from cumulet.kernel.audit import entries, operations, readers, use
from cumulet.kernel.audit.batches import Batch
from cumulet.kernel.audit.entries import DATA, DENIED, MANAGEMENT, Entry
from cumulet.kernel.audit.notes import (
    LONGEST_TEXT,
    NOTED_OF_A_KIND,
    Likeness,
    Noted,
    as_modelled,
    failure_of,
    failure_told,
    host_of,
    length_of,
    likeness,
    told_caller,
)
from cumulet.kernel.audit.operations import Plan
from cumulet.kernel.errors import ClientGone, NotImplementedYet
from cumulet.kernel.identity import Caller
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
_UNWRITABLE = (TypeError, ValueError, LookupError, AttributeError, OverflowError, msgspec.MsgspecError)


class Audit:
    """Keeps the record of one cloud."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._clock = kernel.clock
        self._plans: dict[tuple[type[Service], str], Plan | None] = {}
        self._noted: list[Noted] = []
        self._entries: list[Entry] = []
        self._held = 0
        """Bytes of the requests that are held, as their lengths say."""
        self._tallies: dict[Likeness, int] = {}
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
        try:
            await self.written()
        except Exception as error:  # the cloud stops all the same
            log.error("the last calls could not be recorded: %s", error)

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
            failure = failure_of(error)
        if plan.unmodelled:
            parameters, result = as_modelled(parameters), None
            failure = failure or failure_told(call)
        if plan.data and not self._is_watched(plan.service, call):
            if failure is None and self._tally(likeness(call, plan)) > NOTED_OF_A_KIND:
                return
            kept: Mapping[str, Any] = {
                name: value for name, value in parameters.items() if type(value) is str and len(value) < _LONGEST_HELD
            }
            result = None
        else:
            kept = {n: v for n, v in parameters.items() if n not in plan.streams} if plan.streams else parameters
            result = result if plan.answer_told else None
            self._held += length_of(call.request)
        self._noted.append(Noted(plan, call, kept, result, failure, self._clock.seconds()))
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
            service=source, operation=name, caller=told_caller(caller), request_id=request.id,
            source_ip=request.source_ip, user_agent=request.user_agent[:LONGEST_TEXT], host=host_of(request),
            secure=request.secure, response=response, error=error, message=message, kind=kind, additional=additional,
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
        plan = operations.plan(service.name, method, service.data_operations, service.unmodelled)
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

    def _tally(self, kind: Likeness | None) -> int:
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
        self, tx: Transaction, noted: Sequence[Noted], tallies: Mapping[Likeness, int], events: Sequence[Entry]
    ) -> None:
        batch = Batch(tx, self._readers_of)
        for each in noted:
            try:
                batch.take(each)
            except _UNWRITABLE:  # a bug of ours must not take the others off the record
                log.exception("a call of %s could not be recorded", each.plan.action)
        batch.count(tallies)
        for event in events:
            batch.add(event)
        if batch.keep() and not jobs.is_scheduled(tx, _TRIM, "trim"):
            tx.schedule(tx.now + _TRIM_EVERY, _TRIM, key="trim")

    def _readers_of(self, tx: Transaction, account: str) -> tuple[readers.Reader, ...]:
        """Who reads the record of an account; from now on, calls know what data events they want."""
        found = readers.of(tx, account, self._management_account(tx, account))
        self._watched[account] = frozenset(service for reader in found for service in reader.data)
        return found

    def _management_account(self, tx: Transaction, account: str) -> str:
        membership = self._kernel.authority.membership(tx, account)
        return membership.management_account if membership is not None else ""


def _trim(tx: Transaction) -> None:
    """Forget what is too old to be looked up or delivered, some at once."""
    removed = 0
    for account in list(entries.accounts(tx)):
        use.trim(tx, account)
        for category, kept in ((MANAGEMENT, KEPT), (DATA, _DATA_KEPT), (DENIED, _DATA_KEPT)):
            for region in list(entries.regions(tx, account, category)):
                base = (*entries.space(account, category), region)
                old = [key for key, _ in tx.items(base, before=tx.now - kept, limit=_TRIMMED_AT_ONCE)]
                for key in old:
                    tx.delete(key)
                removed = max(removed, len(old))
    pause = timedelta(0) if removed == _TRIMMED_AT_ONCE else _TRIM_EVERY
    if removed or next(entries.accounts(tx), None) is not None:
        tx.schedule(tx.now + pause, _TRIM, key="trim")
