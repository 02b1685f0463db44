"""Lists in pages: at most 100 items unless the caller asks for more or fewer, up to 1000, and a marker for the rest.

A marker names the last item told, so that a list may change between two pages. Source: IAM API Reference, ListUsers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from cumulet.services.iam.errors import ValidationError

T = TypeVar("T")

USUAL = 100


class Page(NamedTuple):
    """What is asked for: at most `size` items whose names come behind `after`."""

    after: str
    size: int


def asked(marker: str | None, most: int | None) -> Page:
    """Raises ValidationError for a marker that is none."""
    return Page(_opened(marker) if marker is not None else "", USUAL if most is None else most)


def take(page: Page, ordered: Iterable[T], name: Callable[[T], str]) -> tuple[list[T], dict[str, Any]]:
    """The page of items that come in the order of `name`, and the members of the answer that tell whether more
    follow. No more items are asked for than that takes."""
    chosen: list[T] = []
    for item in ordered:
        if page.after and name(item) <= page.after:
            continue
        if len(chosen) == page.size:
            return chosen, {"IsTruncated": True, "Marker": sealed(name(chosen[-1]))}
        chosen.append(item)
    return chosen, {"IsTruncated": False}


def cut(
    items: Iterable[T], name: Callable[[T], str], marker: str | None, most: int | None
) -> tuple[list[T], dict[str, Any]]:
    """As `take`, of items in any order. Raises ValidationError for a marker that is none."""
    return take(asked(marker, most), sorted(items, key=name), name)


def sealed(last: str) -> str:
    """The marker that names the last item told."""
    return base64.urlsafe_b64encode(last.encode()).decode()


def _opened(marker: str) -> str:
    try:
        return base64.b64decode(marker.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ValidationError(f"Invalid Marker: {marker[:200]}") from None
