"""Runs of random operations against small models of a queue."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta

import pytest

from cumulet.services.sqs import messages
from cumulet.services.sqs.outbound import Draft

TIMEOUT = 30
STEPS = 300


@pytest.mark.spec("integration:SQS-15")
@pytest.mark.parametrize("seed", range(12))
def test_a_standard_queue_is_a_bag_with_timeouts(tx, make_queue, seed):
    chance = random.Random(seed)
    queue = make_queue("bag")
    visible_at: dict[str, object] = {}  # the model: each body, and when it can be seen
    held: dict[str, str] = {}
    received: set[str] = set()
    for step in range(STEPS):
        told = f"seed {seed}, step {step}"
        action = chance.choice(["send", "send", "receive", "receive", "delete", "change", "wait"])
        if action == "send":
            delay, group = chance.choice([0, 0, 7]), chance.choice([None, None, "a", "b"])
            messages.send(tx, queue, Draft(str(step), {}, {}, delay, group), "me")
            visible_at[str(step)] = tx.now + timedelta(seconds=delay)
        elif action == "receive":
            at_most = chance.randint(1, 10)
            ready = {body for body, at in visible_at.items() if at <= tx.now}
            found = messages.receive(tx, queue, at_most, TIMEOUT)
            assert {each.message.body for each in found} <= ready, told
            assert len(found) == min(at_most, len(ready)), told
            for each in found:
                held[each.message.body] = each.receipt
                visible_at[each.message.body] = tx.now + timedelta(seconds=TIMEOUT)
                received.add(each.message.body)
        elif action == "delete" and held:
            body = chance.choice(sorted(held))
            messages.delete(tx, queue, held.pop(body))
            del visible_at[body]
        elif action == "change" and held:
            body, seconds = chance.choice(sorted(held)), chance.choice([0, 5, 60])
            messages.change_visibility(tx, queue, held[body], seconds)
            visible_at[body] = tx.now + timedelta(seconds=seconds)
        elif action == "wait":
            tx.now += timedelta(seconds=chance.choice([0.5, 1, 10, 40]))
        out_of_sight = {body for body, at in visible_at.items() if at > tx.now}
        hidden = len(out_of_sight & received)
        expected = (len(visible_at) - len(out_of_sight), hidden, len(out_of_sight) - hidden)
        assert messages.count(tx, queue) == expected, told


@pytest.mark.spec("integration:SQS-18", "integration:SQS-19")
@pytest.mark.parametrize("seed", range(12))
def test_a_fifo_queue_is_a_list_for_each_group(tx, make_queue, seed):
    chance = random.Random(seed)
    queue = make_queue("lists.fifo")
    lists: dict[str, list[str]] = defaultdict(list)  # the model: bodies in order; and when each can be seen again
    back_at: dict[str, object] = {}
    receipts: dict[str, str] = {}
    for step in range(STEPS):
        told = f"seed {seed}, step {step}"
        action = chance.choice(["send", "send", "receive", "receive", "delete", "change", "wait"])
        flying = {body for body, at in back_at.items() if at > tx.now}
        if action == "send":
            group = chance.choice("abc")
            body = f"{group}{step}"
            messages.send(tx, queue, Draft(body, {}, {}, group=group, deduplication_id=body), "me")
            lists[group].append(body)
        elif action == "receive":
            at_most = chance.randint(1, 10)
            free = [bodies for bodies in lists.values() if not flying & set(bodies)]
            got = messages.receive(tx, queue, at_most, TIMEOUT)
            found = [each.message.body for each in got]
            assert len(found) == min(at_most, sum(map(len, free))), told
            for group, bodies in lists.items():
                of_group = [body for body in found if body[0] == group]
                assert of_group == bodies[: len(of_group)], told
                assert not of_group or bodies in free, told
            for each in got:
                receipts[each.message.body] = each.receipt
                back_at[each.message.body] = tx.now + timedelta(seconds=TIMEOUT)
        elif action == "delete" and flying:
            body = chance.choice(sorted(flying))
            messages.delete(tx, queue, receipts[body])
            lists[body[0]].remove(body)
            del back_at[body]
        elif action == "change" and flying:
            body, seconds = chance.choice(sorted(flying)), chance.choice([0, 5, 60])
            messages.change_visibility(tx, queue, receipts[body], seconds)
            back_at[body] = tx.now + timedelta(seconds=seconds)
        elif action == "wait":
            tx.now += timedelta(seconds=chance.choice([0.5, 1, 10, 40]))
        total, hidden = sum(map(len, lists.values())), sum(at > tx.now for at in back_at.values())
        assert messages.count(tx, queue) == (total - hidden, hidden, 0), told
