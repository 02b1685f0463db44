"""How KMS pages: a limit, a marker that goes on behind the last item told, and whether there is more."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from cumulet.services.kms.errors import InvalidMarkerException, ValidationException

T = TypeVar("T")


def size(limit: int | None, *, usual: int, most: int) -> int:
    """How many items a page has. Raises ValidationException for more than the operation gives."""
    if limit is not None and limit > most:
        raise ValidationException(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have "
            f"value less than or equal to {most}"
        )
    return limit or usual


def after(marker: str | None) -> str | None:
    """The last item that was told. Raises InvalidMarkerException for a marker that is none of ours."""
    if marker is None:
        return None
    try:
        return base64.urlsafe_b64decode(marker.encode("ascii", "strict")).decode()
    except (binascii.Error, ValueError):
        raise InvalidMarkerException from None


def answer(
    member: str, found: Sequence[T], count: int, name: Callable[[T], str], show: Callable[[T], Any]
) -> dict[str, Any]:
    """A page of `found`, which has one item more than `count` if there is more. `name` is what a marker keeps."""
    page, is_more = found[:count], len(found) > count
    told: dict[str, Any] = {member: [show(item) for item in page], "Truncated": is_more}
    if is_more:
        told["NextMarker"] = base64.urlsafe_b64encode(name(page[-1]).encode()).decode()
    return told
