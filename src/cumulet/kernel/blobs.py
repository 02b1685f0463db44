"""Blobs: bytes of any size, streamed, encrypted under a key each, owned by whoever counts references to them.

A small blob lies in the store, in the transaction that names it. A large one is a file: written and closed (and
flushed, with durability `power`), renamed into place, and only then named by a transaction. A crash in between
leaves a file that nobody names, which the sweeper takes away after the next start. Copies share the bytes."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from cumulet.kernel import ciphers
from cumulet.kernel.ids import Ids
from cumulet.kernel.keyring import Keyring, sync_folder
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import Durability, ReadTransaction, Store, Transaction

INLINE_BYTES = 16 * 1024
"""Up to this size a blob lies in the store."""
_SLICE = 1024 * 1024
_AES_BLOCK = 16
_SWEPT_TOGETHER = 100
"""Files that the sweeper looks at before others have their turn."""
_NONCE = bytes(ciphers.NONCE_BYTES)
"""A data key seals one blob, so the nonce need not differ from any other's."""


class Digest(Protocol):
    """Anything that eats bytes as they stream by, such as a hash."""

    def update(self, data: bytes, /) -> object: ...


class Blob(Record):
    """What a record keeps of its bytes. `key` is the wrapped data key; without one, the owner holds the key."""

    id: str
    size: int
    key: bytes = b""
    inline: bool = False


class Slice(NamedTuple):
    """The bytes of a blob from `start` up to `stop`; `key` where its owner holds it."""

    blob: Blob
    start: int
    stop: int
    key: bytes | None = None


class Draft:
    """A blob that was written but that no transaction names yet. Use it as a context: at the end, the bytes of a
    draft that was not adopted are taken away.

    with await blobs.write(body) as draft:
        await store.write(objects.put, key, draft)      # calls draft.adopt(tx)
    """

    __slots__ = ("_adopted", "_data", "_path", "blob")

    def __init__(self, blob: Blob, data: bytes | None, path: Path | None) -> None:
        self.blob = blob
        self._data = data
        self._path = path
        self._adopted = False

    def adopt(self, tx: Transaction) -> Blob:
        """Give the blob its first owner, in the transaction that records it."""
        self._adopted = True
        tx.undone.append(self._let_go)
        if self._data is not None:
            tx.put(("blobs", "bytes", self.blob.id), self._data)
        else:
            tx.put(("blobs", "owners", self.blob.id), 1)
        return self.blob

    def _let_go(self) -> None:
        self._adopted = False

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, *_: object) -> None:
        """A caller may be cut off while the adopting transaction is still on its way to be committed: then the
        bytes stay, and are swept at the next start if it never was."""
        if self._path is not None and not self._adopted:
            self._path.unlink(missing_ok=True)


class Blobs:
    """`home` is the folder for large blobs; it is made."""

    def __init__(self, home: Path, store: Store, keyring: Keyring, ids: Ids, durability: Durability) -> None:
        self._home = home
        self._store = store
        self._keyring = keyring
        self._ids = ids
        self._flush = durability is Durability.POWER
        self._reading: Counter[str] = Counter()
        self._doomed: set[str] = set()
        self._drafts = home / "drafts"
        self._drafts.mkdir(parents=True, exist_ok=True)
        self._holders = 0
        self._fresh: set[str] | None = None
        """While a sweep goes on, the files written since it began: they may be named yet."""

    async def write(
        self,
        body: bytes | AsyncIterable[bytes],
        *digests: Digest,
        key: bytes | None = None,
        at_most: int | None = None,
    ) -> Draft:
        """Store `body`, feeding each digest the plain bytes.

        `key`: 32 bytes the owner holds, instead of a data key kept wrapped. Raises TooLarge beyond `at_most` bytes,
        and whatever the body raises; nothing is left behind then."""
        first, rest = await _take(body, INLINE_BYTES)
        if at_most is not None and len(first) > at_most:
            raise TooLarge(at_most)
        now = self._store.clock.now()
        data_key, wrapped = (key, b"") if key is not None else self._keyring.new_data_key(now)
        blob = Blob(id=self._ids.ordered(now), size=len(first), key=wrapped)
        if rest is None:
            for digest in digests:
                digest.update(first)
            return Draft(replace(blob, inline=True), ciphers.seal(data_key, _NONCE, first), None)
        return await self._write_file(blob, first, rest, digests, data_key, at_most)

    def read(
        self,
        tx: ReadTransaction,
        blob: Blob,
        start: int = 0,
        stop: int | None = None,
        *,
        key: bytes | None = None,
    ) -> bytes | AsyncIterator[bytes]:
        """The plain bytes from `start` up to `stop`: at once if the blob is small, else as a stream.

        A large blob's file is opened now, so the stream is whole even if the blob is released meanwhile."""
        stop = blob.size if stop is None else min(stop, blob.size)
        data_key = key if key is not None else self._keyring.unwrap(blob.key)
        if blob.inline:
            data: bytes = tx.get(("blobs", "bytes", blob.id))
            return ciphers.unseal(data_key, _NONCE, data)[start:stop]
        return _stream(self._path(blob.id).open("rb", buffering=0), data_key, start, stop)

    def read_all(self, tx: ReadTransaction, slices: list[Slice]) -> AsyncIterator[bytes]:
        """The plain bytes of many slices, one after the other. Files are opened one at a time, but all of them stay
        until the stream has ended or is dropped, even if they are released meanwhile."""
        return _Chain(self, [s if not s.blob.inline else self._whole(tx, s) for s in slices])

    def share(self, tx: Transaction, blob: Blob) -> Blob:
        """One more owner of the same bytes. Returns the blob that the new owner keeps."""
        if blob.inline:
            twin = replace(blob, id=tx.ids.ordered(tx.now))
            tx.put(("blobs", "bytes", twin.id), tx.get(("blobs", "bytes", blob.id)))
            return twin
        tx.put(("blobs", "owners", blob.id), tx.get(("blobs", "owners", blob.id)) + 1)
        return blob

    def release(self, tx: Transaction, blob: Blob) -> None:
        """One owner less; with the last, the bytes go, once the transaction is safe."""
        if blob.inline:
            tx.delete(("blobs", "bytes", blob.id))
            return
        owners = tx.get(("blobs", "owners", blob.id)) - 1
        if owners:
            tx.put(("blobs", "owners", blob.id), owners)
            return
        tx.delete(("blobs", "owners", blob.id))
        tx.committed.append(lambda: self._remove(blob.id))

    @contextmanager
    def hold(self) -> Iterator[None]:
        """While inside, the files of released blobs stay: for those who copy the store first and its blobs then."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            for blob_id in list(self._doomed):
                self._remove(blob_id)

    def sweep(self) -> Coroutine[Any, Any, int]:
        """Take away the files that no transaction names, and return how many. Call it before anything writes, and await
        what it returns beside the work that follows: what is written from the call on stays."""
        drafts = list(self._drafts.iterdir())
        for path in drafts:
            path.unlink()
        self._fresh = set()
        return self._sweep(len(drafts))

    def missing(self, tx: ReadTransaction) -> list[str]:
        """The ids of blobs that have owners but no file; there should never be one."""
        return [blob_id for blob_id in named(tx) if not self._path(blob_id).exists()]

    def pin(self, blob_id: str) -> None:
        """Keep the file of a blob that is being read."""
        self._reading[blob_id] += 1

    def unpin(self, blob_id: str) -> None:
        self._reading[blob_id] -= 1
        if not self._reading[blob_id]:
            del self._reading[blob_id]
            if blob_id in self._doomed:
                self._remove(blob_id)

    def open_slice(self, part: Slice) -> AsyncIterator[bytes]:
        """The plain bytes of a slice of a large blob."""
        key = part.key if part.key is not None else self._keyring.unwrap(part.blob.key)
        return _stream(self._path(part.blob.id).open("rb", buffering=0), key, part.start, part.stop)

    def _remove(self, blob_id: str) -> None:
        """Delete a file that nobody names any more, now or when nobody reads or holds it."""
        if self._holders or blob_id in self._reading:
            self._doomed.add(blob_id)
            return
        self._doomed.discard(blob_id)
        self._path(blob_id).unlink(missing_ok=True)

    def _whole(self, tx: ReadTransaction, part: Slice) -> bytes:
        data = self.read(tx, part.blob, part.start, part.stop, key=part.key)
        assert isinstance(data, bytes), "inline blobs are read at once"
        return data

    async def _sweep(self, removed: int) -> int:
        assert self._fresh is not None, "a sweep begins with `sweep`"
        try:
            for folder in [path for path in self._home.iterdir() if path.is_dir() and path != self._drafts]:
                names = [path.name for path in folder.iterdir()]
                for first in range(0, len(names), _SWEPT_TOGETHER):
                    # The answer comes when all that it saw is committed: a release that is undone costs no bytes.
                    orphans = await self._store.read(_unnamed, names[first : first + _SWEPT_TOGETHER])
                    orphans = [blob_id for blob_id in orphans if blob_id not in self._fresh]
                    for blob_id in orphans:
                        self._remove(blob_id)
                    removed += len(orphans)
                    await asyncio.sleep(0)
        finally:
            self._fresh = None
        return removed

    def _path(self, blob_id: str) -> Path:
        return place(self._home, blob_id)

    async def _write_file(
        self,
        blob: Blob,
        first: bytes,
        rest: AsyncIterator[bytes],
        digests: tuple[Digest, ...],
        data_key: bytes,
        at_most: int | None,
    ) -> Draft:
        draft = self._drafts / blob.id
        path = self._path(blob.id)
        file = draft.open("xb", buffering=0)
        try:
            size = await _Pipe(file, digests, ciphers.stream(data_key)).pour(first, rest, at_most)
            if self._flush:
                await asyncio.to_thread(os.fsync, file.fileno())
            file.close()
            path.parent.mkdir(exist_ok=True)
            if self._fresh is not None:
                self._fresh.add(blob.id)
            draft.rename(path)
            if self._flush:
                await asyncio.to_thread(sync_folder, path.parent)
        except BaseException:
            file.close()
            draft.unlink(missing_ok=True)
            raise
        return Draft(replace(blob, size=size), None, path)


def place(home: Path, blob_id: str) -> Path:
    """Where in the folder `home` a large blob lies."""
    return home / blob_id[-2:] / blob_id


def named(tx: ReadTransaction) -> list[str]:
    """The ids of all large blobs that have owners."""
    return [key[-1] for key, _ in tx.items(("blobs", "owners"))]


def _unnamed(tx: ReadTransaction, blob_ids: list[str]) -> list[str]:
    return [blob_id for blob_id in blob_ids if tx.get(("blobs", "owners", blob_id)) is None]


class _Chain:
    """Slices read one after the other, their files pinned from the beginning."""

    def __init__(self, blobs: Blobs, parts: list[Slice | bytes]) -> None:
        self._blobs = blobs
        self._parts = parts
        self._pinned = [part.blob.id for part in parts if isinstance(part, Slice)]
        for blob_id in self._pinned:
            blobs.pin(blob_id)
        self._stream = self._read()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._stream)

    async def aclose(self) -> None:
        await self._stream.aclose()
        self._unpin()

    def __del__(self) -> None:
        self._unpin()

    async def _read(self) -> AsyncGenerator[bytes, None]:
        for part in self._parts:
            if isinstance(part, bytes):
                yield part
                continue
            async for piece in self._blobs.open_slice(part):
                yield piece
        self._unpin()

    def _unpin(self) -> None:
        pinned, self._pinned = self._pinned, []
        for blob_id in pinned:
            self._blobs.unpin(blob_id)


class TooLarge(Exception):
    """A body went on beyond the size that was allowed."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"a body of more than {limit} bytes")
        self.limit = limit


class _Pipe:
    """Hashes, encrypts and writes slice after slice on a worker thread, while the next slice comes in."""

    def __init__(self, file: IO[bytes], digests: tuple[Digest, ...], cipher: ciphers.Stream) -> None:
        self._file = file
        self._digests = digests
        self._cipher = cipher
        self._working: asyncio.Future[None] | None = None

    async def pour(self, first: bytes, rest: AsyncIterator[bytes], at_most: int | None) -> int:
        """Everything, in order. Returns the size."""
        pending, filled, size = [first], len(first), 0
        try:
            async for piece in rest:
                pending.append(piece)
                filled += len(piece)
                if at_most is not None and size + filled > at_most:
                    raise TooLarge(at_most)
                if filled >= _SLICE:
                    await self._hand_over(pending)
                    pending, size, filled = [], size + filled, 0
            await self._hand_over(pending)
        finally:
            if self._working is not None:
                await self._working
        return size + filled

    async def _hand_over(self, pieces: list[bytes]) -> None:
        if self._working is not None:
            await self._working
        self._working = asyncio.get_running_loop().run_in_executor(None, self._work, pieces)

    def _work(self, pieces: list[bytes]) -> None:
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        for digest in self._digests:
            digest.update(data)
        rest = memoryview(self._cipher.update(data))
        while rest:
            rest = rest[self._file.write(rest) :]


async def _take(body: bytes | AsyncIterable[bytes], count: int) -> tuple[bytes, AsyncIterator[bytes] | None]:
    """What comes first: all of it, if that is at most `count` bytes; else some of it, and the rest."""
    if isinstance(body, bytes):
        return (body, None) if len(body) <= count else (b"", _once(body))
    pieces, size = [], 0
    stream = aiter(body)
    async for piece in stream:
        pieces.append(bytes(piece))
        size += len(piece)
        if size > count:
            return b"".join(pieces), stream
    return b"".join(pieces), None


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _stream(file: IO[bytes], key: bytes, start: int, stop: int) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    aligned = start - start % _AES_BLOCK
    cipher = ciphers.stream(key, aligned)

    def piece(position: int) -> bytes:
        return cipher.update(os.pread(file.fileno(), min(_SLICE, stop - position), position))

    position = aligned
    ahead = loop.run_in_executor(None, piece, position) if position < stop else None
    try:
        while ahead is not None:
            data = await ahead
            if not data:
                raise EOFError("a blob's file is shorter than its record says")
            following = position + len(data)
            ahead = loop.run_in_executor(None, piece, following) if following < stop else None
            yield data[start - position :] if position < start else data
            position = following
    finally:
        if ahead is not None:
            await asyncio.wait([ahead])
        file.close()
