"""The one canonical way to write a path, a query and a header, so that both sides sign the same text.

Source: IAM User Guide, "Create a signed AWS API request", canonical request; RFC 3986 for what needs encoding."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

_PLAIN_PATH = re.compile(r"[A-Za-z0-9\-._~/]*")
_NEEDLESS = "2D|2E|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE]"
_CANONICAL_PATH = re.compile(rf"(?:[A-Za-z0-9\-._~/]|%(?!{_NEEDLESS})[0-9A-F]{{2}})*")
_CANONICAL_QUERY = re.compile(rf"(?:[A-Za-z0-9\-._~]|%(?!{_NEEDLESS})[0-9A-F]{{2}})*")
_BLANKS = re.compile(r"[ \t\r\n]+")


def canonical_path(path: str, *, once: bool) -> str:
    """S3 encodes the path as it is, once; all others remove dots and empty segments and encode the encoded path."""
    if once:
        if _CANONICAL_PATH.fullmatch(path):
            return path or "/"
        # Segment by segment: an encoded slash belongs to a segment and stays encoded.
        return "/".join([quote(unquote_to_bytes(wire_bytes(part)), safe="~") for part in path.split("/")])
    if "//" in path or "/." in path:
        path = _without_dots(path)
    if _PLAIN_PATH.fullmatch(path):
        return path or "/"
    return quote(wire_bytes(path), safe="/~")


def _without_dots(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    last = "/" if kept and (path.endswith(("/", "/.", "/.."))) else ""
    return "/" + "/".join(kept) + last


def canonical_query(query: str) -> str:
    """Parameters decoded, encoded again in the one canonical way, and sorted; the signature itself left out."""
    if not query:
        return ""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    encoded = sorted((_encoded(name), _encoded(value)) for name, _, value in pairs if name != "X-Amz-Signature")
    return "&".join([f"{name}={value}" for name, value in encoded])


def _encoded(text: str) -> str:
    if _CANONICAL_QUERY.fullmatch(text):
        return text
    return quote(unquote_to_bytes(wire_bytes(text.replace("+", "%20"))), safe="~")


def trimmed(value: str) -> str:
    """Outer blanks removed, runs of inner blanks made one space."""
    value = value.strip(" \t\r\n")
    return _BLANKS.sub(" ", value) if "  " in value or "\n" in value or "\t" in value else value


def wire_bytes(text: str) -> bytes:
    """The bytes that were on the wire: header values are read as Latin-1, whatever the client meant."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
