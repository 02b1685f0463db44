"""Insights: the jobs that look for what is unusual and deliver it, and ListInsightsData."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel import jobs
from cumulet.kernel.audit import entries, rates, readers
from cumulet.kernel.audit.entries import MANAGEMENT
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import job
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.cloudtrail import history, insight_events, lake, stores, trails, unusual
from cumulet.services.cloudtrail.api.trails import Trails
from cumulet.services.cloudtrail.errors import EventDataStoreNotFoundException, InvalidParameterException
from cumulet.services.cloudtrail.insight_events import InsightEvent
from cumulet.services.cloudtrail.stores import ENABLED, DataStore
from cumulet.services.cloudtrail.trails import Trail

_DELIVER, _TIDY = "cloudtrail.deliver_insights", "cloudtrail.tidy_insights"
_AGAIN = timedelta(minutes=5)
_DAY = timedelta(days=1)
_LARGEST_PAGE = 50


class Insights(Trails):
    async def list_insights_data(
        self, *, InsightSource: str, DataType: str, Dimensions: Mapping[str, str] | None = None,
        StartTime: datetime | None = None, EndTime: datetime | None = None, MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """What was unusual in this Region, of what a trail's insight selectors ask for."""
        trail = await self.store.read(trails.find, self.scope, InsightSource)
        attribute, value = next(iter((Dimensions or {}).items()), ("", ""))
        if StartTime is not None and EndTime is not None and StartTime > EndTime:
            raise InvalidParameterException("The start time must be before the end time.")
        is_wanted = insight_events.test(attribute, value, StartTime, EndTime)
        place = None if NextToken is None else history.parse_token(NextToken)

        def takes(event: InsightEvent) -> bool:
            return _asks(trail, self.scope.region, event) and is_wanted(event)

        found = await self.store.read(
            insight_events.page, self.scope, takes, place, MaxResults or _LARGEST_PAGE
        )  # fmt: skip
        return insight_events.answer(*found)

    @job
    async def detect(self) -> None:
        """Look at the minutes that are over, of one account and Region."""
        await self.kernel.audit.written()
        while await self.store.write(self._detect) == unusual.AT_ONCE:
            pass

    @job
    async def deliver_insights(self, *, Name: str) -> None:
        """Put what was found since the last time into the trail's bucket."""
        trail = await self.store.read(trails.kept, self.scope, Name)
        if trail is None:
            return
        for scope in await self.store.read(self._places, trail):
            while events := await self.store.read(insight_events.undelivered, trail, scope):
                if (file := insight_events.file(trail, scope, events)) is not None:
                    try:
                        await self._put(trail, *file)
                    except ServiceError as error:
                        await self.store.write(trails.note, trail, attempted=self.clock.now(), failure=error.code)
                        await self.store.write(_deliver, trail, self.clock.now() + _AGAIN)
                        return
                await self.store.write(insight_events.move_on, trail, scope, events[-1][0])

    @job
    async def tidy_insights(self) -> None:
        """Forget events and baselines that are too old, once a day while there are any."""
        await self.store.write(_tidy, self.scope)

    def _places(self, tx: ReadTransaction, trail: Trail) -> list[Scope]:
        return [
            Scope(account=account, region=region)
            for account in self._accounts(tx, trail)
            for region in entries.regions(tx, account, MANAGEMENT)
            if _is_seen(trail, region)
        ]

    def _detect(self, tx: Transaction) -> int:
        """Take some minutes, and tell who wants to know. How many there were."""
        asking = self._asking(tx)
        if not asking:
            unusual.forget(tx, self.scope)
            return 0
        found, taken = unusual.take(tx, self.scope)
        for each in asking if found else ():
            if isinstance(each, Trail):
                _deliver(tx, each, tx.now)
            else:
                _collect(tx, each, self.scope.region, found)
        if taken or unusual.is_going_on(tx, self.scope):
            rates.look_again(tx, trails.DETECT, self.scope, tx.now + unusual.MINUTE)
        if not jobs.is_scheduled(tx, _TIDY, _key(self.scope)):
            tx.schedule(tx.now + _DAY, _TIDY, {}, scope=self.scope, key=_key(self.scope))
        return taken

    def _asking(self, tx: ReadTransaction) -> Sequence[Trail | DataStore]:
        """The trails and event data stores with insight selectors that see this account and Region."""
        membership = self.kernel.authority.membership(tx, self.scope.account)
        management = membership.management_account if membership is not None else ""
        found: list[Trail | DataStore | None] = []
        for reader in readers.of(tx, self.scope.account, management):
            if reader.rates and reader.handler == trails.DELIVER:
                found.append(trails.kept(tx, reader.scope, reader.payload["Name"]))
            elif reader.rates:
                found.append(tx.get(reader.scope.key("cloudtrail", "store", reader.payload["Id"])))
        return [each for each in found if each is not None and _is_seen(each, self.scope.region)]


def _is_seen(reader: Trail | DataStore, region: str) -> bool:
    return reader.multi_region or reader.scope.region == region


def _asks(reader: Trail | DataStore, region: str, event: InsightEvent) -> bool:
    is_chosen = insight_events.chosen(reader.insights, type=event.type, data=event.data)
    return is_chosen and _is_seen(reader, region)


def _deliver(tx: Transaction, trail: Trail, at: datetime) -> None:
    tx.schedule(at, _DELIVER, {"Name": trail.name}, scope=trail.scope, key=f"{_key(trail.scope)} {trail.name}")


def _collect(tx: Transaction, store: DataStore, region: str, found: Sequence[InsightEvent]) -> None:
    """Into the event data store that a store names for its Insights events, while that one collects."""
    try:
        into = stores.find(tx, store.scope, store.insights_destination)
    except EventDataStoreNotFoundException:
        return
    if into.status == ENABLED:
        lake.keep(tx, into, lake.packed([event.record for event in found if _asks(store, region, event)]))


def _tidy(tx: Transaction, scope: Scope) -> None:
    if any([insight_events.trim(tx, scope), unusual.trim(tx, scope)]):
        tx.schedule(tx.now + _DAY, _TIDY, {}, scope=scope, key=_key(scope))


def _key(scope: Scope) -> str:
    return f"{scope.account} {scope.region}"
