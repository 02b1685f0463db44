"""User metadata that headers cannot hold as it is: encoded words (RFC 2047).

S3 reads them where a client sends them, and writes them where a value is more than printable ASCII: in quoted form if
most of it is, else in base64. Seen in recorded answers."""

from __future__ import annotations

import base64
import binascii
import re

_WORD = re.compile(r"=\?([A-Za-z0-9_.:*+-]{1,40})\?([BbQq])\?([^?\s]*)\?=", re.ASCII)
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
_LONGEST = 63
"""Characters between the marks of one word; RFC 2047 allows 75 in all."""


def decode(header: str) -> str:
    """The value that a header stands for. What cannot be read is taken as it is."""
    text = header
    if not text.isascii():
        try:
            text = text.encode("latin-1").decode()  # headers are bytes; clients that care send UTF-8
        except ValueError:
            return header
    return _WORD.sub(_word, re.sub(r"\?=\s+=\?", "?==?", text)) if "=?" in text else text


def encode(text: str) -> str:
    """The value as a header can hold it."""
    if all(" " <= character <= "~" for character in text):
        return text
    plain = sum(_is_plain(character) for character in text)
    return " ".join(_words(text, quoted=plain > len(text) - plain))


def _word(found: re.Match[str]) -> str:
    charset, form, payload = found.groups()
    try:
        raw = base64.b64decode(payload, validate=True) if form in "Bb" else _unquoted(payload)
        return raw.decode(charset, "replace")
    except (binascii.Error, ValueError, LookupError):
        return found[0]


def _unquoted(payload: str) -> bytes:
    data = payload.replace("_", " ").encode()
    return _HEX.sub(lambda found: bytes((int(found[1], 16),)), data)


def _words(text: str, *, quoted: bool) -> list[str]:
    """One word, or the words of both halves where one would be too long."""
    payload = _quoted(text) if quoted else base64.b64encode(text.encode()).decode()
    if len(payload) > _LONGEST and len(text) > 1:
        half = len(text) // 2
        return _words(text[:half], quoted=quoted) + _words(text[half:], quoted=quoted)
    return [f"=?UTF-8?{'Q' if quoted else 'B'}?{payload}?="]


def _quoted(text: str) -> str:
    pieces = (
        "_" if byte == 0x20 else chr(byte) if 0x20 < byte < 0x7F and byte not in b"=_?" else f"={byte:02X}"
        for byte in text.encode()
    )
    return "".join(pieces)


def _is_plain(character: str) -> bool:
    return " " <= character <= "~" or character in "\r\n\t"
