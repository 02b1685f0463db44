"""Records that were read lately, decoded. One process owns the store, so what it does not change stays true.

Records are frozen, so many may hold the same one."""

from __future__ import annotations

from typing import Any

_MOST_ENTRIES = 8192
_LARGEST_VALUE = 4096


class Cache:
    """By packed key; what is not there counts too, as None."""

    def __init__(self) -> None:
        self._values: dict[bytes, Any] = {}

    def get(self, key: bytes, default: Any) -> Any:
        return self._values.get(key, default)

    def keep(self, key: bytes, value: Any, size: int) -> None:
        """Remember what was read or written; the oldest gives way."""
        if size > _LARGEST_VALUE:
            self._values.pop(key, None)
            return
        if key not in self._values and len(self._values) >= _MOST_ENTRIES:
            del self._values[next(iter(self._values))]
        self._values[key] = value

    def drop(self, key: bytes) -> None:
        self._values.pop(key, None)

    def clear(self) -> None:
        self._values.clear()
