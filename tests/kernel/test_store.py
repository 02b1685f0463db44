"""The store: rules are whole, batches are shared, waiters are woken, and nothing acknowledged is lost."""

import asyncio
from datetime import timedelta

import pytest

from cumulet.kernel.clock import Clock
from cumulet.kernel.store import Durability, MemoryEngine, SqliteEngine, Store


@pytest.fixture(params=["memory", "sqlite"])
def make_store(request, tmp_path):
    def make(**settings):
        engine = MemoryEngine() if request.param == "memory" else SqliteEngine(tmp_path / "store.db")
        return Store(engine, Clock(), **settings)

    return make


def put(tx, key, value):
    tx.put(key, value)


def get(tx, key):
    return tx.get(key)


def fail_after_writing(tx, key):
    tx.put(key, "half")
    raise ValueError("no")


async def test_a_failed_rule_leaves_nothing_and_disturbs_no_neighbour(make_store):
    store = make_store()
    outcomes = await asyncio.gather(
        store.write(put, ("a",), 1),
        store.write(fail_after_writing, ("b",)),
        store.write(put, ("c",), 3),
        return_exceptions=True,
    )
    assert [type(o) for o in outcomes] == [type(None), ValueError, type(None)]
    assert [await store.read(get, (k,)) for k in "abc"] == [1, None, 3]
    await store.close()


async def test_a_rule_may_be_run_twice_without_a_trace(make_store):
    store = make_store(run_rules_twice=True)

    def append(tx):
        tx.put(("list",), [*(tx.get(("list",)) or []), 1])

    await store.write(append)
    await store.write(append)
    assert await store.read(get, ("list",)) == [1, 1]
    await store.close()


async def test_a_waiter_is_woken_by_a_committed_change_only(make_store):
    store = make_store()

    def knock(tx, *, fail):
        tx.wake(("door",))
        if fail:
            raise ValueError

    with store.waiter(("door",)) as waiter:
        with pytest.raises(ValueError):
            await store.write(knock, fail=True)
        assert not await waiter.wait(until=store.clock.now() + timedelta(milliseconds=20))
        await store.write(knock, fail=False)
        assert await waiter.wait(until=store.clock.now() + timedelta(seconds=5))
    await store.close()


async def test_a_snapshot_does_not_see_later_writes(make_store):
    store = make_store()
    await store.write(put, ("a", 1), "old")
    with store.snapshot() as view:
        await store.write(put, ("a", 1), "new")
        await store.write(put, ("a", 2), "more")
        assert list(view.range(("a",))) == ["old"]
    await store.close()


async def test_a_range_may_be_changed_while_it_is_read(make_store):
    store = make_store()

    def fill(tx):
        for n in range(1000):
            tx.put(("n", n), n)

    def empty(tx):
        for key, _ in tx.items(("n",)):
            tx.delete(key)

    await store.write(fill)
    await store.write(empty)
    assert await store.read(lambda tx: list(tx.range(("n",)))) == []
    await store.close()


async def test_a_rule_sees_its_own_changes_in_ranges_too(make_store):
    store = make_store()

    def rule(tx):
        tx.put(("n", 1), "one")
        tx.put(("n", 2), "two")
        tx.delete(("n", 1))
        seen = list(tx.range(("n",)))
        tx.put(("n", 3), "three")
        return seen, list(tx.range(("n",))), tx.get(("n", 1))

    assert await store.write(rule) == (["two"], ["two", "three"], None)
    await store.close()


async def test_what_a_failed_rule_wrote_before_a_range_is_taken_back_with_the_rest(make_store):
    store = make_store()
    await store.write(put, ("n", 1), "kept")

    def rule(tx):
        tx.put(("n", 1), "changed")
        tx.delete_range(("n",))
        tx.put(("n", 2), "new")
        assert list(tx.range(("n",))) == ["new"]
        raise ValueError

    outcomes = await asyncio.gather(
        store.write(put, ("m",), 1), store.write(rule), store.write(put, ("n", 3), "after"), return_exceptions=True
    )
    assert type(outcomes[1]) is ValueError
    assert await store.read(lambda tx: list(tx.range(("n",)))) == ["kept", "after"]
    assert await store.read(get, ("n", 1)) == "kept"
    await store.close()


async def test_with_power_durability_nothing_is_answered_before_a_flush_that_began_after_it(tmp_path, monkeypatch):
    engine = SqliteEngine(tmp_path / "store.db")
    flushed = []
    real_sync = engine.sync

    def slow_sync():
        real_sync()
        flushed.append(store._commits)

    monkeypatch.setattr(engine, "sync", slow_sync)
    store = Store(engine, Clock(), durability=Durability.POWER)
    await asyncio.gather(*[store.write(put, ("n", n), n) for n in range(50)])
    assert await store.read(lambda tx: len(list(tx.range(("n",))))) == 50
    assert 1 <= len(flushed) <= 3
    await store.close()


async def test_a_full_disk_fails_the_callers_and_keeps_nothing_half(tmp_path, monkeypatch):
    engine = SqliteEngine(tmp_path / "store.db")
    store = Store(engine, Clock())
    await store.write(put, ("a",), "before")

    def full(puts, deletes):
        raise OSError("no space left on device")

    monkeypatch.setattr(engine, "write", full)
    outcomes = await asyncio.gather(store.write(put, ("a",), 1), store.write(put, ("b",), 2), return_exceptions=True)
    monkeypatch.undo()
    assert [type(o) for o in outcomes] == [OSError, OSError]
    assert [await store.read(get, (k,)) for k in "ab"] == ["before", None]
    await store.write(put, ("b",), "after")
    await store.close()


async def test_a_snapshot_that_lasts_does_not_hold_up_writers(tmp_path):
    engine = SqliteEngine(tmp_path / "store.db")
    store = Store(engine, Clock())
    await store.write(put, ("a",), 1)
    with store.snapshot() as view:
        await store.write(put, ("a",), 2)
        engine._log_is_long = True
        began = asyncio.get_running_loop().time()
        await store.write(put, ("a",), 3)
        assert asyncio.get_running_loop().time() - began < 5, "SQLite's own patience is ten seconds"
        assert view.get(("a",)) == 1
    await store.close()
