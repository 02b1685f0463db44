"""The store: one ordered, transactional key-value space for the state of every service.

    order = await store.write(orders.place, customer, items)      # runs orders.place(tx, customer, items)
    found = await store.read(orders.find, customer)

A *rule* is a plain function whose first argument is the transaction. It runs alone and whole: what it wrote is
there after it returns, and nothing is when it raises. It may be run again, so it touches nothing but `tx`."""

from cumulet.kernel.store.engine import Engine
from cumulet.kernel.store.memory import MemoryEngine
from cumulet.kernel.store.sqlite import SqliteEngine
from cumulet.kernel.store.store import Durability, Store
from cumulet.kernel.store.transaction import ReadTransaction, Transaction
from cumulet.kernel.store.waiters import Departure, Waiter

__all__ = [
    "Departure",
    "Durability",
    "Engine",
    "MemoryEngine",
    "ReadTransaction",
    "SqliteEngine",
    "Store",
    "Transaction",
    "Waiter",
]
