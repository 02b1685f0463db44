"""The Regions that AWS has, in all partitions, as the SDK's own data names them."""

from __future__ import annotations

import functools

import msgspec

from cumulet.kernel import models


def exists(name: str) -> bool:
    return name in _names()


@functools.cache
def _names() -> frozenset[str]:
    data = msgspec.json.decode((models.data_folder() / "partitions.json").read_bytes())
    names = (name for partition in data["partitions"] for name in partition["regions"])
    return frozenset(name for name in names if not name.endswith("-global"))
