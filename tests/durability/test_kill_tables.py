"""kill -9 while tables are written: nothing acknowledged is lost, no half of a transaction stays, indexes agree.

What transactions show to others until they are killed is in tests/dynamodb/test_transactions.py."""

from __future__ import annotations

import os
import random

import pytest

from tests.durability.load import run_until_killed
from tests.durability.process import CloudProcess
from tests.durability.table_load import Batches, Counters, Items, Transactions

SEED = os.environ.get("CUMULET_KILL_SEED", "kill")
KINDS = (Items, Items, Batches, Transactions, Transactions, Counters)


@pytest.mark.spec("data:DDB-07", "data:DDB-09", "data:DDB-27")
@pytest.mark.parametrize(("durability", "rounds"), [("process", 3), ("power", 1)])
def test_what_was_acknowledged_survives_in_tables_and_indexes(tmp_path, durability, rounds):
    workers = [kind(f"{kind.__name__.lower()}-{number}", SEED) for number, kind in enumerate(KINDS)]
    chance = random.Random(f"{SEED}.tables.{durability}")
    with CloudProcess(tmp_path / "data", "--durability", durability) as process:
        for worker in workers:
            worker.begin(process.client)
        for number in range(rounds):
            run_until_killed(process, workers, chance.uniform(0.3, 1.2))
            try:
                for worker in workers:
                    worker.check(process.client)
            except AssertionError as error:
                raise AssertionError(f"seed {SEED!r}, {durability}, round {number}: {error}") from error
    assert sum(worker.steps for worker in workers) > 10 * rounds, "they were under way when the cloud was killed"
