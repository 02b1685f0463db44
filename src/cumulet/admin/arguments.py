"""What the handlers are given, and how they refuse it."""

from __future__ import annotations

import msgspec


class BadRequest(Exception):
    """The arguments cannot be meant; the words are for the user."""


class NotFound(Exception):
    """There is nothing of that name; the words are for the user."""


class Nothing(msgspec.Struct):
    """The arguments of a handler that needs none; whatever was sent is ignored."""


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of the others: a misspelled argument is refused, for it was meant to do something."""
