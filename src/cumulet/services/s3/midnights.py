"""Days as S3 counts them: from an instant some days on, then up to the next midnight (UTC)."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, time

_FAR = 1_000_000
"""Days, some 2,700 years: what lies beyond is as good as never, and no date can tell it."""


def after(instant: datetime, days: int = 0) -> datetime:
    """The midnight that follows the instant `days` later. Source: S3 User Guide, "Lifecycle configuration elements"."""
    here = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return _midnight(here.toordinal() + min(days, _FAR) + 1)


@functools.lru_cache(maxsize=4096)
def _midnight(ordinal: int) -> datetime:
    """With which a day begins. A million objects were made on few days, so the same ones are asked for again."""
    return datetime.combine(date.fromordinal(ordinal), time(tzinfo=UTC))
