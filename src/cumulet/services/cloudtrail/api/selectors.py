"""Which events a trail takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.service import stored
from cumulet.services.cloudtrail import selectors, stores, trails
from cumulet.services.cloudtrail.api.collecting import Collecting
from cumulet.services.cloudtrail.errors import (
    EventDataStoreNotFoundException,
    InsightNotEnabledException,
    InvalidEventDataStoreCategoryException,
    InvalidEventSelectorsException,
    InvalidInsightSelectorsException,
    InvalidParameterCombinationException,
    InvalidParameterException,
)
from cumulet.services.cloudtrail.stores import DataStore
from cumulet.services.cloudtrail.trails import Trail


class Selectors(Collecting):
    async def put_event_selectors(
        self, *, TrailName: str, EventSelectors: Sequence[Mapping[str, Any]] | None = None,
        AdvancedEventSelectors: Sequence[Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        if (EventSelectors is None) == (AdvancedEventSelectors is None):
            raise InvalidEventSelectorsException("Either event selectors or advanced event selectors have to be given.")
        if AdvancedEventSelectors is not None:
            changes = {"advanced": selectors.check_advanced(AdvancedEventSelectors), "basic": ()}
        else:
            changes = {"advanced": (), "basic": selectors.check_basic(EventSelectors or ())}
        return _told(await self._change(TrailName, changes))

    async def get_event_selectors(self, *, TrailName: str) -> dict[str, Any]:
        return _told(await self.store.read(trails.find, self.scope, TrailName))

    async def put_insight_selectors(
        self, *, InsightSelectors: Sequence[Mapping[str, Any]], TrailName: str | None = None,
        EventDataStore: str | None = None, InsightsDestination: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        chosen = tuple(dict(each) for each in InsightSelectors)
        if len({each.get("InsightType") for each in chosen}) < len(chosen):
            raise InvalidInsightSelectorsException("Each type of Insights can be selected once.")
        if (name := _store(TrailName, EventDataStore)) is None:
            trail = await self._change(TrailName or "", {"insights": chosen})
            return {"TrailARN": trail.arn, "InsightSelectors": list(trail.insights)}
        changes: dict[str, Any] = {"insights": chosen}
        if InsightsDestination is not None:
            changes["insights_destination"] = await self._destination(InsightsDestination)
        kept = await self.store.read(stores.active, self.scope, name)
        if chosen and not (kept.insights_destination or "insights_destination" in changes):
            raise InvalidParameterException("An event data store for the Insights events has to be named.")
        return _insights(await self._change_store(name, changes))

    async def get_insight_selectors(
        self, *, TrailName: str | None = None, EventDataStore: str | None = None
    ) -> dict[str, Any]:
        if (name := _store(TrailName, EventDataStore)) is not None:
            store = await self.store.read(stores.active, self.scope, name)
            if not store.insights:
                raise InsightNotEnabledException(f"Event data store {store.arn} does not have Insights enabled.")
            return _insights(store)
        trail = await self.store.read(trails.find, self.scope, TrailName or "")
        if not trail.insights:
            raise InsightNotEnabledException(
                f"Trail {trail.arn} does not have Insights enabled. Edit the trail settings to enable Insights, and "
                "then try the operation again."
            )
        return {"TrailARN": trail.arn, "InsightSelectors": list(trail.insights)}

    @stored
    async def put_event_configuration(
        self, *, TrailName: str | None = None, EventDataStore: str | None = None, MaxEventSize: str | None = None,
        ContextKeySelectors: Sequence[Mapping[str, Any]] | None = None,
        AggregationConfigurations: Sequence[Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        told = {
            "MaxEventSize": MaxEventSize,
            "ContextKeySelectors": ContextKeySelectors,
            "AggregationConfigurations": AggregationConfigurations,
        }
        given = {key: value for key, value in told.items() if value is not None}
        if (name := _store(TrailName, EventDataStore)) is not None:
            kept = await self.store.read(stores.active, self.scope, name)
            return _configured(await self._change_store(name, {"configuration": {**kept.configuration, **given}}))
        old = await self.store.read(trails.at_home, self.scope, TrailName or "")
        return _configured(await self._change(TrailName or "", {"configuration": {**old.configuration, **given}}))

    @stored
    async def get_event_configuration(
        self, *, TrailName: str | None = None, EventDataStore: str | None = None
    ) -> dict[str, Any]:
        if (name := _store(TrailName, EventDataStore)) is not None:
            return _configured(await self.store.read(stores.active, self.scope, name))
        return _configured(await self.store.read(trails.find, self.scope, TrailName or ""))

    async def _destination(self, name: str) -> str:
        """The ARN of the event data store into which Insights events are to go."""
        store = await self.store.read(stores.active, self.scope, name)
        if store.scope.account != self.scope.account:
            raise EventDataStoreNotFoundException
        if selectors.category(store.selectors) != "Insight":
            raise InvalidEventDataStoreCategoryException(
                "The destination has to be for events of the category Insight."
            )
        return store.arn


def _store(trail: str | None, store: str | None) -> str | None:
    """The event data store that is meant; None if it is a trail. Raises InvalidParameterCombinationException."""
    if bool(trail) == bool(store):
        raise InvalidParameterCombinationException("Either a trail or an event data store has to be named.")
    return store or None


def _insights(store: DataStore) -> dict[str, Any]:
    return {
        "EventDataStoreArn": store.arn,
        "InsightSelectors": list(store.insights),
        "InsightsDestination": store.insights_destination,
    }


def _told(trail: Trail) -> dict[str, Any]:
    if trail.advanced:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": list(trail.advanced)}
    return {"TrailARN": trail.arn, "EventSelectors": list(trail.basic)}


def _configured(kept: Trail | DataStore) -> dict[str, Any]:
    name = "TrailARN" if isinstance(kept, Trail) else "EventDataStoreArn"
    return {name: kept.arn, "MaxEventSize": "Standard", **kept.configuration}
