"""Blobs: whole or not there, encrypted on disk, gone with their last owner."""

import asyncio
import hashlib
from datetime import timedelta

import pytest

from cumulet.kernel.blobs import INLINE_BYTES, Blobs, Slice, TooLarge
from cumulet.kernel.clock import Clock
from cumulet.kernel.ids import Ids
from cumulet.kernel.keyring import Keyring
from cumulet.kernel.store import Durability, MemoryEngine, Store

SMALL = b"a small one"
LARGE = bytes(range(256)) * 10_000


@pytest.fixture(params=[Durability.PROCESS, Durability.POWER])
def blobs(tmp_path, request):
    store = Store(MemoryEngine(), Clock())
    return Blobs(tmp_path / "blobs", store, Keyring(tmp_path / "keys", Ids()), Ids(), request.param)


async def keep(blobs, body, **options):
    with await blobs.write(body, **options) as draft:
        return await blobs._store.write(draft.adopt)


async def read(blobs, blob, *span):
    found = await blobs._store.read(lambda tx: blobs.read(tx, blob, *span))
    return found if isinstance(found, bytes) else b"".join([piece async for piece in found])


async def pieces(body, size=70_000):
    for start in range(0, len(body), size):
        yield body[start : start + size]


def files(blobs):
    return [path for path in blobs._home.rglob("*") if path.is_file()]


@pytest.mark.parametrize("body", [b"", SMALL, LARGE])
@pytest.mark.parametrize("streamed", [False, True])
async def test_bytes_come_back_whole_and_in_part(blobs, body, streamed):
    blob = await keep(blobs, pieces(body) if streamed else body)
    assert blob.size == len(body) and blob.inline == (len(body) <= INLINE_BYTES)
    assert await read(blobs, blob) == body
    assert await read(blobs, blob, 5, 1_500_001) == body[5:1_500_001]


async def test_digests_see_the_plain_bytes_and_the_disk_does_not(blobs):
    digest = hashlib.sha256()
    with await blobs.write(pieces(LARGE), digest) as draft:
        await blobs._store.write(draft.adopt)
    assert digest.digest() == hashlib.sha256(LARGE).digest()
    [path] = files(blobs)
    assert LARGE[:64] not in path.read_bytes()


async def test_a_draft_that_nobody_adopts_leaves_nothing(blobs):
    def refuse(tx):
        draft.adopt(tx)
        raise ValueError

    with pytest.raises(ValueError), await blobs.write(LARGE) as draft:
        await blobs._store.write(refuse)
    assert files(blobs) == []


async def test_a_body_that_breaks_off_leaves_nothing(blobs):
    async def broken():
        yield LARGE
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await blobs.write(broken())
    with pytest.raises(TooLarge):
        await blobs.write(pieces(LARGE), at_most=1_000_000)
    assert files(blobs) == []


async def test_bytes_go_with_the_last_owner_but_not_under_a_reader(blobs):
    blob = await keep(blobs, LARGE)
    await blobs._store.write(blobs.share, blob)
    await blobs._store.write(blobs.release, blob)
    parts = [Slice(blob, 0, 10), Slice(blob, 10, len(LARGE))]
    stream = await blobs._store.read(blobs.read_all, parts)
    first = await anext(stream)
    await blobs._store.write(blobs.release, blob)
    rest = b"".join([piece async for piece in stream])
    assert first + rest == LARGE
    assert files(blobs) == []


async def test_the_sweeper_takes_what_no_transaction_names(blobs):
    kept = await keep(blobs, LARGE)
    (await blobs.write(LARGE))  # as if the process had died before the transaction
    assert await blobs.sweep() == 1
    assert await read(blobs, kept) == LARGE
    assert len(files(blobs)) == 1


async def test_the_sweeper_takes_drafts_at_once(blobs):
    (blobs._drafts / "half").write_bytes(b"x")
    sweeping = blobs.sweep()
    assert files(blobs) == []
    assert await sweeping == 1


async def test_what_is_written_during_a_sweep_stays_until_it_is_named(blobs):
    """A file is in place before the transaction that names it, which is the moment a sweeper must not misread."""
    orphan = await blobs.write(LARGE)
    sweeping = blobs.sweep()
    with await blobs.write(LARGE) as draft:
        assert await sweeping == 1  # sees both files, neither of them named
        kept = await blobs._store.write(draft.adopt)
    assert await read(blobs, kept) == LARGE
    assert [path.name for path in files(blobs)] == [kept.id] != [orphan.blob.id]


async def test_the_sweeper_leaves_what_is_still_read(blobs):
    blob = await keep(blobs, LARGE)
    stream = await blobs._store.read(blobs.read_all, [Slice(blob, 0, blob.size)])
    await blobs._store.write(blobs.release, blob)
    assert len(files(blobs)) == 1
    await blobs.sweep()
    assert b"".join([piece async for piece in stream]) == LARGE
    assert files(blobs) == []


async def test_a_release_that_is_undone_costs_no_bytes(blobs, monkeypatch):
    """The sweeper looks while a release is on its way to be committed, and that commit fails."""
    kept = await keep(blobs, LARGE)
    monkeypatch.setattr(blobs._store._engine, "commit", lambda: (_ for _ in ()).throw(OSError("disk full")))
    releasing = asyncio.ensure_future(blobs._store.write(blobs.release, kept))
    sweeping = asyncio.ensure_future(blobs.sweep())
    outcomes = await asyncio.gather(releasing, sweeping, return_exceptions=True)
    assert isinstance(outcomes[0], OSError)
    monkeypatch.undo()
    assert await read(blobs, kept) == LARGE


async def test_a_sweep_gives_others_their_turn(blobs):
    folder = blobs._home / "aa"
    folder.mkdir()
    for number in range(1000):
        (folder / f"{number:030}aa").write_bytes(b"")
    turns = 0
    sweeping = asyncio.ensure_future(blobs.sweep())
    while not sweeping.done():
        turns += 1
        await asyncio.sleep(0)
    assert await sweeping == 1000 and turns >= 10


async def test_master_keys_rotate_and_old_data_stays_readable(blobs, tmp_path):
    old = await keep(blobs, LARGE)
    blobs._store.clock.advance(timedelta(days=31))
    new = await keep(blobs, SMALL)
    assert old.key[:4] != new.key[:4]
    assert await read(blobs, old) == LARGE and await read(blobs, new) == SMALL
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
