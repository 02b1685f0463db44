"""Batches: what was noted becomes entries of the record and uses in the ledger, in one transaction."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cumulet.kernel import identity
from cumulet.kernel.access import Need
from cumulet.kernel.audit import entries, rates, readers, use
from cumulet.kernel.audit.entries import DATA, DENIED, MANAGEMENT, Entry
from cumulet.kernel.audit.notes import (
    LONGEST_TEXT,
    NOTED_OF_A_KIND,
    Likeness,
    Noted,
    clean,
    host_of,
    likeness,
    told_caller,
)
from cumulet.kernel.audit.use import Use
from cumulet.kernel.identity import Kind, LastUse
from cumulet.kernel.records import replace

if TYPE_CHECKING:
    from cumulet.kernel.store import Transaction

_CHUNK = 500
_MOST_DENIED = 50
"""Of the refused data events of a batch that nobody reads, so many are kept, the last of them."""
_ACCOUNT = re.compile(r"[0-9]{12}")

ReadersOf = Callable[["Transaction", str], tuple[readers.Reader, ...]]


class Batch:
    """Calls on their way into the store."""

    def __init__(self, tx: Transaction, readers_of: ReadersOf) -> None:
        self._tx = tx
        self._readers_of = readers_of
        self._readers: dict[str, tuple[readers.Reader, ...]] = {}
        self._chunks: dict[tuple[str, str, str], list[Entry]] = {}
        self._uses: dict[tuple[str, str, str], Uses] = {}
        self._keys: dict[str, LastUse] = {}
        self._latest: dict[Likeness, list[Uses]] = {}

    def take(self, noted: Noted) -> None:
        time = datetime.fromtimestamp(noted.seconds, UTC)
        needs = self._needs(noted)
        if noted.failure is None or noted.failure.denial is None:
            self._use(noted, needs, time)
        accounts = _accounts(noted, needs)
        told: Entry | None = None
        shared = self._tx.uuid() if len(accounts) > 1 else ""
        for account in accounts:
            category = DATA if noted.plan.data else MANAGEMENT
            if noted.plan.data and not self._wants(account, noted.plan.service):
                if noted.failure is None or not noted.failure.is_refusal:
                    continue
                category = DENIED
            told = told or _entry(noted, needs, time)
            self._add(replace(told, id=self._tx.uuid(), account=account, shared=shared), category)

    def add(self, entry: Entry) -> None:
        self._add(entry, DATA if entry.data else MANAGEMENT)

    def _add(self, entry: Entry, category: str) -> None:
        self._wanted(entry.account)
        self._chunks.setdefault((entry.account, entry.region, category), []).append(entry)

    def keep(self) -> bool:
        """Write it. Whether there was anything for the record."""
        for (_, _, category), batch in self._chunks.items():
            batch.sort(key=lambda entry: entry.time)
            if category == DENIED:
                del batch[:-_MOST_DENIED]
            for start in range(0, len(batch), _CHUNK):
                entries.keep(self._tx, batch[start : start + _CHUNK], category)
        for (account, region, category), batch in self._chunks.items():
            if category != DENIED:
                readers.call(self._tx, self._wanted(account), batch[0].time)
                rates.count(self._tx, account, region, batch, self._wanted(account))
        for (account, principal, action), uses in self._uses.items():
            use.add(self._tx, account, principal, uses.sum(action))
        for access_key, last in self._keys.items():
            if identity.find_key(self._tx, access_key) is not None:
                identity.note_use(self._tx, access_key, last)
        return bool(self._chunks)

    def _wants(self, account: str, service: str) -> bool:
        return any(service in reader.data for reader in self._wanted(account))

    def _wanted(self, account: str) -> tuple[readers.Reader, ...]:
        found = self._readers.get(account)
        if found is None:
            found = self._readers[account] = self._readers_of(self._tx, account)
        return found

    def count(self, tallies: Mapping[Likeness, int]) -> None:
        """Add the calls that were not noted one by one: they are counted as the last that was."""
        for kind, total in tallies.items():
            for uses in self._latest.get(kind, ()):
                uses.count += max(0, total - NOTED_OF_A_KIND)

    def _needs(self, noted: Noted) -> Sequence[Need]:
        """What the call had to be permitted, or would have had to."""
        if noted.call.needs_asked:
            return noted.call.needs_asked
        try:
            return list(noted.call.needs(self._tx, noted.plan.method, noted.parameters))
        except Exception:  # what it was about may be gone by now, or was not held: the record does without
            return ()

    def _use(self, noted: Noted, needs: Sequence[Need], time: datetime) -> None:
        caller, plan = noted.call.caller, noted.plan
        if caller.kind in (Kind.SERVICE, Kind.ANONYMOUS):
            return
        region = plan.region or noted.call.scope.region
        if caller.access_key.startswith(identity.LONG_TERM):
            self._keys[caller.access_key] = LastUse(time=time, service=plan.prefix, region=region)
        latest: list[Uses] = []
        for action, resource in [(need.action, need.resource) for need in needs] or [(plan.action, "")]:
            key = (caller.account, caller.identity_arn, action)
            uses = self._uses.get(key)
            if uses is None:
                uses = self._uses[key] = Uses(time)
            uses.count += 1
            uses.last, uses.region = time, region
            uses.regions.add(region)
            if resource:
                uses.name(clean(resource))
            latest.append(uses)
        if (kind := likeness(noted.call, plan)) is not None:
            self._latest[kind] = latest


class Uses:
    """Uses of one action by one principal, summed up."""

    __slots__ = ("count", "first", "is_general", "last", "region", "regions", "resources")

    def __init__(self, time: datetime) -> None:
        self.count = 0
        self.first = self.last = time
        self.region = ""
        self.regions: set[str] = set()
        self.resources: set[str] = set()
        self.is_general = False

    def name(self, resource: str) -> None:
        """Too many of them become what they all begin with."""
        self.resources.add(resource)
        if len(self.resources) > 4 * use.MOST_RESOURCES:
            self.resources = {use.general(self.resources)}
            self.is_general = True

    def sum(self, action: str) -> Use:
        resources = (use.general(self.resources),) if self.is_general else use.generalised(self.resources)
        return Use(
            action=action, count=self.count, first=self.first, last=self.last, region=self.region,
            regions=tuple(sorted(self.regions)), resources=resources,
        )  # fmt: skip


def _accounts(noted: Noted, needs: Iterable[Need]) -> list[str]:
    """Whose record a call goes into: the caller's, and, if it succeeded, that of each owner of what it was about. Who
    has no account of its own is on the record of the owners in any case."""
    own = noted.call.caller.account or noted.call.scope.account
    owners = [need.account for need in needs if _ACCOUNT.fullmatch(need.account)]
    denial = noted.failure.denial if noted.failure is not None else None
    if noted.call.caller.kind is Kind.ANONYMOUS and (owners or denial is not None):
        return list(dict.fromkeys(owners if denial is None or not denial.account else [denial.account]))
    if own:
        return list(dict.fromkeys((own, *owners))) if noted.failure is None else [own]
    return list(dict.fromkeys(owners))


def _entry(noted: Noted, needs: Sequence[Need], time: datetime) -> Entry:
    call, plan, failure = noted.call, noted.plan, noted.failure
    request = call.request
    return Entry(
        id="",
        time=time,
        account="",
        region=plan.region or call.scope.region,
        service=plan.service,
        operation=plan.name,
        caller=told_caller(call.caller),
        request_id=request.id,
        source_ip=request.source_ip,
        user_agent=request.user_agent[:LONGEST_TEXT],
        host=host_of(request),
        secure=request.secure,
        read_only=plan.read_only,
        data=plan.data,
        parameters=plan.write_parameters(noted.parameters),
        response=plan.write_answer(noted.result) if isinstance(noted.result, Mapping) else None,
        error=failure.code if failure is not None else "",
        message=failure.message if failure is not None else "",
        resources=tuple(
            dict.fromkeys((clean(n.resource), n.account or call.scope.account) for n in needs[:16] if n.resource != "*")
        ),
        denial=failure.denial if failure is not None else None,
    )
