"""Days as S3 counts them: from an instant some days on, then up to the next midnight (UTC)."""

from __future__ import annotations

from datetime import datetime, timedelta

_FAR = 1_000_000
"""Days, some 2,700 years: what lies beyond is as good as never, and no date can tell it."""


def after(instant: datetime, days: int = 0) -> datetime:
    """The midnight that follows the instant `days` later. Source: S3 User Guide, "Lifecycle configuration elements"."""
    later = instant + timedelta(days=min(days, _FAR))
    return later.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
