"""The event history, and the keys that prove log files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cumulet.services.cloudtrail import digests, history, insight_events, insights, trails
from cumulet.services.cloudtrail.api.base import Base
from cumulet.services.cloudtrail.errors import (
    InvalidMaxResultsException,
    InvalidNextTokenException,
    InvalidParameterException,
    InvalidTimeRangeException,
)
from cumulet.services.cloudtrail.history import Place, Search

_LARGEST_PAGE = 50


class History(Base):
    async def lookup_events(
        self, *, LookupAttributes: Sequence[Mapping[str, str]] = (), StartTime: datetime | None = None,
        EndTime: datetime | None = None, EventCategory: str | None = None, MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        if MaxResults is not None and not 1 <= MaxResults <= _LARGEST_PAGE:
            raise InvalidMaxResultsException(f"The number of results has to be between 1 and {_LARGEST_PAGE}.")
        wanted = history.search(StartTime, EndTime, list(LookupAttributes))
        place = None if NextToken is None else history.parse_token(NextToken)
        if self.kernel.quotas:
            await self.store.write(history.spend, self.scope)
        if EventCategory is not None:
            return await self._insights(wanted, place, MaxResults or _LARGEST_PAGE)
        await self.kernel.audit.written()
        found, following = await self.store.read(history.page, self.scope, wanted, place, MaxResults or _LARGEST_PAGE)
        answer: dict[str, Any] = {"Events": [history.as_wire(entry) for entry in found]}
        return answer | ({"NextToken": history.token(following)} if following is not None else {})

    async def _insights(self, wanted: Search, place: Place | None, limit: int) -> dict[str, Any]:
        """Insights events on management events; those on data events are told by ListInsightsData."""
        is_wanted = insight_events.test(wanted.attribute, wanted.value, wanted.since, wanted.until)
        found, following = await self.store.read(
            insight_events.page, self.scope, lambda event: not event.data and is_wanted(event), place, limit
        )
        return insight_events.answer(found, following)

    async def list_public_keys(
        self, *, StartTime: datetime | None = None, EndTime: datetime | None = None, NextToken: str | None = None
    ) -> dict[str, Any]:
        now = self.clock.now()
        until = EndTime or now
        since = StartTime or (until - timedelta(0) if EndTime is None else until)
        if since > until:
            raise InvalidTimeRangeException("The start time must be before the end time.")
        return {"PublicKeyList": await self.store.read(digests.public_keys, self.scope, since, until)}

    async def list_insights_metric_data(
        self, *, EventSource: str, EventName: str, InsightType: str, TrailName: str | None = None,
        ErrorCode: str | None = None, StartTime: datetime | None = None, EndTime: datetime | None = None,
        Period: int | None = None, DataType: str | None = None, MaxResults: int | None = None,
        NextToken: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        is_of_errors = InsightType == "ApiErrorRateInsight"
        if is_of_errors != (ErrorCode is not None):
            raise InvalidParameterException("An error code has to be given for ApiErrorRateInsight, and for it alone.")
        arn = (await self.store.read(trails.find, self.scope, TrailName)).arn if TrailName else ""
        asked = insights.wanted(
            EventSource, EventName, ErrorCode or "", StartTime, EndTime or self.clock.now(), Period or 3600
        )  # fmt: skip
        await self.kernel.audit.written()
        found = await self.store.read(insights.counts, self.scope, asked)
        if DataType == "FillWithZeros":
            found = insights.filled(asked, found)
        first = _number(NextToken)
        page = list(found.items())[first : first + (MaxResults or insights.MOST_POINTS)]
        told: dict[str, Any] = {
            "EventSource": EventSource,
            "EventName": EventName,
            "InsightType": InsightType,
            "Timestamps": [at for at, _ in page],
            "Values": [float(count) for _, count in page],
        }
        named = {"TrailARN": arn, "ErrorCode": ErrorCode}
        end = first + len(page)
        following = {"NextToken": str(end)} if end < len(found) else {}
        return told | {name: value for name, value in named.items() if value} | following


def _number(token: str | None) -> int:
    if token is not None and not (token.isdecimal() and len(token) < 10):
        raise InvalidNextTokenException("The next token is not valid.")
    return int(token or 0)
