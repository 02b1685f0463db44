"""The Regions that AWS has, in all partitions, as the SDK's own data names them."""

from __future__ import annotations

import functools

import msgspec

from cumulet.kernel import models


def exists(name: str) -> bool:
    return name in _names()


@functools.cache
def of_partition(partition: str) -> list[str]:
    """The names of a partition's Regions ("aws", "aws-cn" ...), sorted."""
    data = msgspec.json.decode((models.data_folder() / "partitions.json").read_bytes())
    found = next(each for each in data["partitions"] if each["id"] == partition)
    return sorted(name for name in found["regions"] if not name.endswith("-global"))


@functools.cache
def _names() -> frozenset[str]:
    data = msgspec.json.decode((models.data_folder() / "partitions.json").read_bytes())
    names = (name for partition in data["partitions"] for name in partition["regions"])
    return frozenset(name for name in names if not name.endswith("-global"))
