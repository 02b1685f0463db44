"""Temporary credentials: nothing of them is stored, for the token carries the whole session, sealed.

Only this cloud can open its tokens, and it finds in one who calls, the secret of the key, and when it all ends."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from cumulet.kernel import identity
from cumulet.kernel.identity import Caller
from cumulet.kernel.records import replace

if TYPE_CHECKING:
    from cumulet.kernel.ids import Ids
    from cumulet.kernel.keyring import Keyring

LONGEST_TOKEN = 64 * 1024
_PURPOSE = b"session\0"
"""So that nothing else that the keyring sealed can pass for a session."""
_encode = msgspec.msgpack.Encoder().encode


class Credentials(msgspec.Struct, frozen=True):
    """What a client signs with until `expires`."""

    access_key: str
    secret: str
    token: str
    expires: datetime


class Opened(msgspec.Struct, frozen=True):
    caller: Caller
    secret: str


class InvalidToken(Exception):
    """A token that this cloud did not make, or that belongs to another key."""


def issue(keyring: Keyring, ids: Ids, caller: Caller, now: datetime) -> Credentials:
    """Credentials for a caller with a session, until it expires."""
    assert caller.session is not None, "temporary credentials are of a session"
    name = identity.key_id(ids, caller.account, identity.TEMPORARY)
    opened = Opened(replace(caller, access_key=name), ids.alphanumeric(40))
    token = base64.b64encode(keyring.wrap(_PURPOSE + _encode(opened), now)).decode()
    return Credentials(name, opened.secret, token, caller.session.expires)


def open_token(keyring: Keyring, token: str, access_key: str) -> Opened:
    """Whom the token lets in; whether it has expired is for the caller to see. Raises InvalidToken."""
    if len(token) > LONGEST_TOKEN:
        raise InvalidToken
    opened = _opened(keyring, token)
    if opened.caller.access_key != access_key:
        raise InvalidToken
    return opened


@lru_cache(maxsize=1024)
def _opened(keyring: Keyring, token: str) -> Opened:
    try:
        plain = keyring.unwrap(base64.b64decode(token, validate=True))
        if not plain.startswith(_PURPOSE):
            raise InvalidToken
        return _decode(plain[len(_PURPOSE) :])
    except (ValueError, IndexError, binascii.Error, msgspec.DecodeError):
        raise InvalidToken from None


def _decode(data: bytes) -> Opened:
    return msgspec.msgpack.decode(data, type=Opened)
