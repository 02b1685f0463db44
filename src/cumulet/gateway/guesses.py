"""Whoever keeps knocking with wrong keys waits longer and longer for each refusal.

Strangers only: where unknown keys are trusted, nobody has to guess."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

FREE = 10
"""Refusals that cost nothing, for those who mistype."""
FORGIVEN_SECONDS = 300.0
_FIRST_SECONDS, _LONGEST_SECONDS = 0.05, 3.0
_MOST_ADDRESSES = 4096


class Guesses:
    """Counts refused signatures by address."""

    def __init__(self) -> None:
        self._refused: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def refused(self, address: str) -> None:
        """Return when this refusal may be told."""
        now = asyncio.get_running_loop().time()
        count, last = self._refused.pop(address, (0, now))
        count = count + 1 if now - last < FORGIVEN_SECONDS else 1
        self._refused[address] = (count, now)
        if len(self._refused) > _MOST_ADDRESSES:
            self._refused.popitem(last=False)
        await asyncio.sleep(pause(count))


def pause(refusals: int) -> float:
    """Seconds to wait before the answer to one of so many refusals: doubled with each, up to a bound."""
    over = refusals - FREE
    return 0.0 if over <= 0 else min(_LONGEST_SECONDS, _FIRST_SECONDS * 2 ** min(over - 1, 16))
