"""Why a call was let in or refused: found in the audit record, told with every policy that was considered."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from cumulet.admin.arguments import Arguments, BadRequest, NotFound
from cumulet.kernel.audit import entries
from cumulet.kernel.audit.entries import Entry
from cumulet.kernel.keys import Key
from cumulet.kernel.rehearsal import rehearse

if TYPE_CHECKING:
    from cumulet.cloud import Cloud
    from cumulet.kernel.store import ReadTransaction

_ACCOUNT = re.compile(r"[0-9]{12}")
_LONGEST_ID = 128
_AT_ONCE = 50
_MOST_CHUNKS = 4000
"""So many chunks of each account and Region are looked at, the newest; each has up to 500 calls."""
_SILENT = (
    "Refused data events are kept for two days. Of those that were let in, such as reads of objects, CloudTrail keeps "
    "a record only where a trail asks for them"
)


class Where(Arguments, frozen=True):
    """The account whose record is looked at; all of them if none is named."""

    account: str | None = None


async def latest(cloud: Cloud, where: Where) -> dict[str, Any]:
    """The latest refusal. Raises NotFound if there is none."""
    await cloud.kernel.audit.written()
    found = []
    for account in await _accounts(cloud, where):
        found += await cloud.kernel.store.read(entries.denials, account, "", 1)
        await asyncio.sleep(0)  # others may want to be served
    if not found:
        raise NotFound("nothing on record was refused by a policy")
    return await _explained(cloud, max(found, key=lambda entry: entry.time))


async def one(cloud: Cloud, where: Where, *, request_id: str) -> dict[str, Any]:
    """The call with this request id. Raises NotFound."""
    if len(request_id) > _LONGEST_ID:
        raise BadRequest(f"a request id has at most {_LONGEST_ID} characters")
    await cloud.kernel.audit.written()
    for account in await _accounts(cloud, where):
        if denied := await cloud.kernel.store.read(entries.denials, account, request_id, 1):
            return await _explained(cloud, denied[0])
    for account in await _accounts(cloud, where):
        if found := await _search(cloud, account, request_id):
            return await _explained(cloud, found)
    raise NotFound(f"no call with the request id {request_id} is on record. {_SILENT}")


async def _accounts(cloud: Cloud, where: Where) -> list[str]:
    if where.account is None:
        return await cloud.kernel.store.read(lambda tx: list(entries.accounts(tx)))
    if not _ACCOUNT.fullmatch(where.account):
        raise BadRequest("an account is a number of twelve digits")
    return [where.account]


async def _search(cloud: Cloud, account: str, request_id: str) -> Entry | None:
    """Newest first, some chunks at once, so that a busy cloud goes on serving."""
    for place in await cloud.kernel.store.read(entries.places, account):
        before: Any = None
        for _ in range(0, _MOST_CHUNKS, _AT_ONCE):
            found, before = await cloud.kernel.store.read(_look, place, before, request_id)
            if found is not None:
                return found
            if before is None:
                break
            await asyncio.sleep(0)
    return None


def _look(tx: ReadTransaction, place: Key, before: Any, request_id: str) -> tuple[Entry | None, Any]:
    """The entry, if it is in the next chunks; and where to go on, unless they are the last."""
    chunks = list(tx.items(place, before=before, limit=_AT_ONCE, reverse=True))
    for _, chunk in chunks:
        for entry in chunk.entries():
            if entry.request_id == request_id:
                return entry, None
    return None, tuple(chunks[-1][0][len(place) :]) if len(chunks) == _AT_ONCE else None


async def _explained(cloud: Cloud, entry: Entry) -> dict[str, Any]:
    told = {
        "request_id": entry.request_id,
        "time": entry.time,
        "account": entry.account,
        "region": entry.region,
        "service": entry.service,
        "operation": entry.operation,
        "principal": entry.caller.arn or "anonymous",
        "principal_kind": str(entry.caller.kind),
        "source_ip": entry.source_ip,
        "error": entry.error,
        "message": entry.message,
    }
    if entry.denial is not None and entry.denial.explained is not None:
        asked = [entry.denial.explained]
        return {**told, "outcome": "denied", "policies_as_of": "then", "questions": asked, "notes": []}
    if entry.error in ("AccessDenied", "AccessDeniedException"):
        notes = ["No policy refused this; the service did, for the reason that its message gives."]
        return {**told, "outcome": "refused", "policies_as_of": None, "questions": [], "notes": notes}
    again = await rehearse(cloud.kernel, entry)
    notes = ["It was let in then. What follows is recomputed with the policies of now."]
    if again.error:
        notes.append(f"Now it would not go so: {again.error}")
    if again.lacks_session_policies:
        notes.append("The session had policies of its own, which are not on record; they are not counted here.")
    if not again.questions and not again.error:
        notes.append(_nobody_asked(entry))
    return {
        **told, "outcome": "failed" if entry.error else "allowed", "policies_as_of": "now",
        "questions": list(again.questions), "notes": notes,
    }  # fmt: skip


def _nobody_asked(entry: Entry) -> str:
    if entry.caller.kind == "root":
        return "The root of the account owns what it asks for, and no policy binds it: nothing else had to allow it."
    return "This operation asks no policy before it runs."


ROUTES = {
    "GET /_cumulet/explain": (Where, latest),
    "GET /_cumulet/explain/{request_id}": (Where, one),
}
