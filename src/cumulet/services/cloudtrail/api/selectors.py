"""Which events a trail takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.service import stored
from cumulet.services.cloudtrail import selectors, trails
from cumulet.services.cloudtrail.api.base import Base
from cumulet.services.cloudtrail.errors import (
    InsightNotEnabledException,
    InvalidEventSelectorsException,
    InvalidParameterCombinationException,
)
from cumulet.services.cloudtrail.trails import Trail

_OF_STORES = "Cumulet keeps {} of event data stores not yet."


class Selectors(Base):
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

    @stored
    async def put_insight_selectors(
        self, *, InsightSelectors: Sequence[Mapping[str, Any]], TrailName: str | None = None,
        EventDataStore: str | None = None, InsightsDestination: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        trail = await self._change(_trail(TrailName, "Insights"), {"insights": tuple(InsightSelectors)})
        return {"TrailARN": trail.arn, "InsightSelectors": list(trail.insights)}

    @stored
    async def get_insight_selectors(
        self, *, TrailName: str | None = None, EventDataStore: str | None = None
    ) -> dict[str, Any]:
        trail = await self.store.read(trails.find, self.scope, _trail(TrailName, "Insights"))
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
        given = {
            "MaxEventSize": MaxEventSize,
            "ContextKeySelectors": ContextKeySelectors,
            "AggregationConfigurations": AggregationConfigurations,
        }
        name = _trail(TrailName, "event configurations")
        old = await self.store.read(trails.at_home, self.scope, name)
        merged = {**old.configuration, **{key: value for key, value in given.items() if value is not None}}
        return _configured(await self._change(name, {"configuration": merged}))

    @stored
    async def get_event_configuration(
        self, *, TrailName: str | None = None, EventDataStore: str | None = None
    ) -> dict[str, Any]:
        return _configured(await self.store.read(trails.find, self.scope, _trail(TrailName, "event configurations")))


def _trail(name: str | None, what: str) -> str:
    """The trail that is meant. Raises NotImplementedYet where it is an event data store."""
    if name is None:
        raise NotImplementedYet(_OF_STORES.format(what))
    if not name:
        raise InvalidParameterCombinationException("A trail or an event data store has to be named.")
    return name


def _told(trail: Trail) -> dict[str, Any]:
    if trail.advanced:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": list(trail.advanced)}
    return {"TrailARN": trail.arn, "EventSelectors": list(trail.basic)}


def _configured(trail: Trail) -> dict[str, Any]:
    return {"TrailARN": trail.arn, "MaxEventSize": "Standard", **trail.configuration}
