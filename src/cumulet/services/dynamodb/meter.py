"""The meter of a request: what it consumes of each of its tables, for its answer and for the limits of throughput.

Most requests are neither counted nor limited. Theirs is off, and nothing is worked out for it."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.dynamodb import throughput
from cumulet.services.dynamodb.capacity import NONE, Spent
from cumulet.services.dynamodb.tables import Index, Table


class Meter:
    """Of one run of a rule, so that a rule that runs again counts anew. `kind` is READ or WRITE."""

    __slots__ = ("_by_table", "_is_limiting", "_kind", "_wanted", "is_on")

    def __init__(self, wanted: str, kind: str, *, is_limiting: bool) -> None:
        self._wanted = wanted
        self._kind = kind
        self._is_limiting = is_limiting
        self.is_on = is_limiting or wanted != NONE
        self._by_table: dict[str, Spent] = {}

    def admit(self, tx: ReadTransaction, table: Table, hashed: int | None = None, index: Index | None = None) -> None:
        """Before anything is read or written. `hashed` is the hash of the partition key, if there is one.

        Raises ProvisionedThroughputExceededException or ThrottlingException where nothing is left to spend."""
        if self._is_limiting:
            throughput.admit(tx, self.of(table), self._kind, hashed, index)

    def of(self, table: Table) -> Spent:
        """Where to put down what is spent on a table."""
        spent = self._by_table.get(table.id)
        if spent is None:
            spent = self._by_table[table.id] = Spent(table)
        return spent

    def settle(self, tx: ReadTransaction) -> None:
        """At the end: take what was spent off the limits."""
        if self._is_limiting:
            assert isinstance(tx, Transaction), "who is limited runs as a writer, also where it reads"
            for spent in self._by_table.values():
                throughput.spend(tx, spent, self._kind)

    def answer(self, kind: str = "") -> dict[str, Any]:
        """ConsumedCapacity as a list of tables, where it was asked for; with a `kind`, as transactions tell it."""
        if self._wanted == NONE:
            return {}
        return {"ConsumedCapacity": [spent.described(self._wanted, kind) for spent in self._by_table.values()]}

    def answer_of_one(self) -> dict[str, Any]:
        """ConsumedCapacity of the only table, where it was asked for."""
        return {name: told[0] for name, told in self.answer().items()}
