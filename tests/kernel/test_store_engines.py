"""One contract for every engine: any run of operations does what it would do to a sorted dict."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cumulet.kernel.store import MemoryEngine, SqliteEngine

some_bytes = st.binary(max_size=3)
_names = itertools.count()


class EngineAgainstDict(RuleBasedStateMachine):
    make_engine = staticmethod(MemoryEngine)

    @initialize()
    def open(self):
        self.engine = self.make_engine()
        self.model: dict[bytes, bytes] = {}
        self.before: dict[bytes, bytes] | None = None
        self.before_part: dict[bytes, bytes] | None = None
        self.snapshots: list[tuple[object, dict[bytes, bytes]]] = []

    def in_transaction(self):
        return self.before is not None

    @precondition(lambda self: self.before is None)
    @rule()
    def begin(self):
        self.engine.begin()
        self.before = dict(self.model)

    @precondition(lambda self: self.before is not None and self.before_part is None)
    @rule(keep=st.booleans())
    def end(self, keep):
        if keep:
            self.engine.commit()
        else:
            self.engine.rollback()
            self.model = self.before
        self.before = None

    @precondition(lambda self: self.before is not None and self.before_part is None)
    @rule()
    def savepoint(self):
        self.engine.savepoint()
        self.before_part = dict(self.model)

    @precondition(lambda self: self.before_part is not None)
    @rule(keep=st.booleans())
    def end_savepoint(self, keep):
        if keep:
            self.engine.keep_savepoint()
        else:
            self.engine.undo_savepoint()
            self.model = self.before_part
        self.before_part = None

    @precondition(lambda self: self.before_part is not None)
    @rule(key=some_bytes, value=some_bytes)
    def put(self, key, value):
        self.engine.write([(key, value)], [])
        self.model[key] = value

    @precondition(lambda self: self.before_part is not None)
    @rule(key=some_bytes)
    def delete(self, key):
        self.engine.write([], [key])
        self.model.pop(key, None)

    @precondition(lambda self: self.before_part is not None)
    @rule(low=some_bytes, high=some_bytes)
    def delete_range(self, low, high):
        self.engine.delete_range(low, high)
        self.model = {k: v for k, v in self.model.items() if not low <= k < high}

    @precondition(lambda self: self.before is None and len(self.snapshots) < 3)
    @rule()
    def snapshot(self):
        self.snapshots.append((self.engine.snapshot(), dict(self.model)))

    @rule(key=some_bytes)
    def get(self, key):
        assert self.engine.get(key) == self.model.get(key)

    @rule(low=some_bytes, high=some_bytes, limit=st.integers(0, 5), reverse=st.booleans())
    def scan(self, low, high, limit, reverse):
        expected = sorted(((k, v) for k, v in self.model.items() if low <= k < high), reverse=reverse)[:limit]
        assert self.engine.scan(low, high, limit, reverse) == expected

    @invariant()
    def snapshots_stay(self):
        for view, then in getattr(self, "snapshots", []):
            assert view.scan(b"", b"\xff" * 4, 1000, False) == sorted(then.items())

    def teardown(self):
        for view, _ in getattr(self, "snapshots", []):
            view.close()
        if getattr(self, "before", None) is not None:
            self.engine.rollback()
        if hasattr(self, "engine"):
            self.engine.close()


EngineAgainstDict.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestMemoryEngine = EngineAgainstDict.TestCase


@pytest.fixture(autouse=True)
def folder(tmp_path):
    SqliteAgainstDict.make_engine = staticmethod(lambda: SqliteEngine(tmp_path / f"{next(_names)}.db"))


class SqliteAgainstDict(EngineAgainstDict):
    pass


SqliteAgainstDict.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestSqliteEngine = SqliteAgainstDict.TestCase
