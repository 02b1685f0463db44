"""What becomes of one item in one write, as those see it who follow: indexes, streams, expiry, replicas."""

from __future__ import annotations

from typing import NamedTuple

from cumulet.services.dynamodb.schema import Place
from cumulet.services.dynamodb.values import Item

REQUEST, EXPIRY, REPLICATION = "", "expiry", "replication"
"""Causes: somebody asked for it, the item's time was over, or it happened in another Region."""


class Change(NamedTuple):
    """One item, before and after; None where there is none. Sizes are in bytes."""

    place: Place
    old: Item | None
    new: Item | None
    old_size: int
    new_size: int
    cause: str = REQUEST
