"""What all protocols need to know of an error before they write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.kernel.models import ErrorShape, ServiceModel


def members_of(service: ServiceModel, code: str, status: int | None, fault: str | None) -> ErrorShape:
    """The model's error for this code, old or new, with the status and fault that were asked for.

    A code that the model does not have stands for itself: a sender's fault unless the status says 5xx."""
    known = service.error_by_code(code)
    if known is None:
        status = status or (500 if fault == "receiver" else 400)
        fault = fault or ("receiver" if status >= 500 else "sender")
        return ErrorShape("", code, status, fault, code, ())
    return ErrorShape(
        known.name,
        known.code,
        status or known.status,
        fault or known.fault,
        known.query_code,
        known.members,
    )


def message_member(error: ErrorShape) -> str:
    """The member that carries the message, as the error's shape spells it."""
    return next((name for name in error.members if name.lower() == "message"), "message")


def query_error(error: ErrorShape) -> str:
    """The value of x-amzn-query-error, by which clients of services that left awsQuery find the old code."""
    return f"{error.query_code};{'Sender' if error.fault == 'sender' else 'Receiver'}"


def body_members(error: ErrorShape, message: str, members: Mapping[str, Any] | None) -> dict[str, Any]:
    """The error's members by name, the message among them. One that brings its own message spells it as it is meant."""
    given = dict(members or {})
    if any(name.lower() == "message" for name in given):
        return given
    return {message_member(error): message, **given}


def further(members: Mapping[str, Any] | None) -> dict[str, Any]:
    """The members that an XML error does not have anyway; some models list its code and message again."""
    return {name: value for name, value in (members or {}).items() if name not in ("Code", "Message")}


def text_of(parts: list[str]) -> bytes:
    return "".join(parts).encode("utf-8", "surrogatepass")
