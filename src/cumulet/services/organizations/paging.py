"""Pages, as all lists of Organizations have them: 20 entries unless fewer are asked for, and an opaque token.

Source: Organizations API Reference: MaxResults is 1 to 20."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar

from cumulet.kernel.keys import Key
from cumulet.kernel.store import ReadTransaction
from cumulet.services.organizations.errors import InvalidInputException

T = TypeVar("T")

_MOST = 20


class Page:
    """Which part of a list is wanted: what comes after a name, and how many."""

    def __init__(self, token: str | None, size: int | None) -> None:
        """Raises InvalidInputException for a token that we did not give."""
        self.after = _opened(token) if token is not None else None
        self.size = size or _MOST

    def of(self, tx: ReadTransaction, prefix: Key, shown: Callable[[Key, Any], T | None]) -> tuple[list[T], str | None]:
        """What is under `prefix`, as `shown` makes it (leaving out where it makes None), and the token for the rest.

        The element of the key that follows the prefix is what the token keeps."""
        rows = ((key[len(prefix)], shown(key, value)) for key, value in tx.items(prefix, after=self.after))
        return self._cut((name, row) for name, row in rows if row is not None)

    def cut(self, rows: Iterable[tuple[str, T]]) -> tuple[list[T], str | None]:
        """A page of rows that are sorted by name."""
        return self._cut((name, row) for name, row in rows if self.after is None or name > self.after)

    def _cut(self, rows: Iterable[tuple[str, T]]) -> tuple[list[T], str | None]:
        found = list(islice(rows, self.size + 1))
        token = _sealed(found[self.size - 1][0]) if len(found) > self.size else None
        return [row for _, row in found[: self.size]], token


def answer(member: str, page: tuple[list[Any], str | None]) -> dict[str, Any]:
    rows, token = page
    return {member: rows} | ({"NextToken": token} if token is not None else {})


def _sealed(name: str) -> str:
    return base64.urlsafe_b64encode(b"1" + name.encode()).decode()


def _opened(token: str) -> str:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
        if raw[:1] == b"1":
            return raw[1:].decode()
    except (binascii.Error, ValueError):
        pass
    raise InvalidInputException("INVALID_NEXT_TOKEN")
