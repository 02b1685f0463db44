"""What is kept of one call: enough to tell it as CloudTrail does, in as few bytes as that takes.

Entries are kept in chunks, those of one batch together, under the account, the Region and the time of the last of
them. A chunk says which words occur in it, so that a search can pass over it unread."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from cumulet.kernel.identity import Caller
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record

if TYPE_CHECKING:
    from cumulet.kernel.store import ReadTransaction, Transaction

MANAGEMENT, DATA = "management", "data"
DENIED = "denied"
"""Refused data events that nobody wants to read, kept for a while so that they can be explained."""
CATEGORIES = (MANAGEMENT, DATA, DENIED)
_MOST_WORDS = 256
_REFUSED = " refused"
"""A word that no client's is: the chunk holds a refusal."""
_MOST_SEARCHED = 2000
"""Chunks of a Region that a search for denials looks at."""


class Denial(msgspec.Struct, frozen=True, array_like=True):
    """Why a call was refused: what it asked for, and what decided."""

    action: str
    resource: str
    account: str
    """Whose the resource is."""
    reason: str = ""
    """What the policy engine said: its Reason, and the Layer of policies."""
    layer: str = ""
    policy: str = ""
    statement: str = ""
    context: dict[str, Any] = {}
    """The condition keys that the service gave."""
    explained: Any = None
    """Every policy that was considered (authz.explain)."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One call, or another event that is told like one."""

    id: str
    time: datetime
    account: str
    """Whose record this is; of a call across accounts, each side has one."""
    region: str
    service: str
    """As boto3 names it; for what is no call, the source as CloudTrail has it ("signin.amazonaws.com")."""
    operation: str
    """The API's name of it."""
    caller: Caller
    request_id: str = ""
    source_ip: str = ""
    user_agent: str = ""
    host: str = ""
    secure: bool = False
    read_only: bool = False
    data: bool = False
    parameters: Any = None
    """As CloudTrail spells them, without secrets."""
    response: Any = None
    error: str = ""
    message: str = ""
    resources: tuple[tuple[str, str], ...] = ()
    """ARNs, and whose they are."""
    shared: str = ""
    """The same in both records of a call across accounts."""
    denial: Denial | None = None
    kind: str = "AwsApiCall"
    additional: Any = None


class Chunk(Record):
    """Entries of one account and Region, in the order of time."""

    first: datetime
    last: datetime
    words: tuple[str, ...] | None
    """What a search may ask for; None where that is too much to list."""
    body: bytes

    def entries(self) -> list[Entry]:
        return _decode(zlib.decompress(self.body))

    def may_hold(self, word: str) -> bool:
        return self.words is None or word in self.words


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Entry]).decode


def keep(tx: Transaction, entries: Sequence[Entry], category: str = "") -> Key:
    """Put entries of one account, Region and category, in the order of their times, into a new chunk."""
    first, last = entries[0], entries[-1]
    words = {word for entry in entries for word in _words(entry)}
    listed = tuple(sorted(words)) if len(words) <= _MOST_WORDS else None
    category = category or (DATA if first.data else MANAGEMENT)
    key = (*space(first.account, category), first.region, last.time, tx.ids.hex(8))
    tx.put(key, Chunk(first=first.time, last=last.time, words=listed, body=zlib.compress(_encode(list(entries)), 1)))
    return key


def space(account: str, category: str) -> Key:
    """Under this lie the chunks of an account, by Region and time."""
    return ("audit", account, category)


def regions(tx: ReadTransaction, account: str, category: str) -> Iterator[str]:
    """The Regions in which anything of an account was recorded."""
    base = space(account, category)
    following = next(tx.items(base, limit=1), None)
    while following is not None:
        region = following[0][len(base)]
        yield region
        following = next(tx.items(base, after=region, limit=1), None)


def accounts(tx: ReadTransaction) -> Iterator[str]:
    """The accounts of which anything was recorded."""
    following = next(tx.items(("audit",), limit=1), None)
    while following is not None:
        account = following[0][1]
        yield account
        following = next(tx.items(("audit",), after=account, limit=1), None)


def denials(tx: ReadTransaction, account: str, request_id: str = "", limit: int = 20) -> list[Entry]:
    """The last calls that were refused for want of permission, newest first; or the one with this request id."""
    found: list[Entry] = []
    for place in places(tx, account):
        here = 0
        for chunk in tx.range(place, reverse=True, limit=_MOST_SEARCHED):
            if chunk.may_hold(request_id or _REFUSED):
                each = [entry for entry in chunk.entries() if entry.denial is not None]
                each = [entry for entry in each if not request_id or entry.request_id == request_id]
                here += len(each)
                found += each
            if here >= limit:
                break
    return sorted(found, key=lambda entry: entry.time, reverse=True)[:limit]


def places(tx: ReadTransaction, account: str) -> list[Key]:
    """Where the chunks of an account lie: a prefix for each category and Region of which there are any."""
    return [(*space(account, category), region) for category in CATEGORIES for region in regions(tx, account, category)]


def user_name(caller: Caller) -> str:
    """Who it was, as LookupEvents names people: the user, the session of a role, or "root"."""
    if caller.kind == "root":
        return "root"
    return "" if caller.kind in ("service", "anonymous") else caller.arn.rpartition("/")[2]


def _words(entry: Entry) -> Iterator[str]:
    yield entry.operation
    yield entry.service
    yield user_name(entry.caller)
    yield entry.caller.access_key
    if entry.denial is not None:
        yield _REFUSED
        yield entry.request_id
