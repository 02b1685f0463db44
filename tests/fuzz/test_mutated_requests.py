"""Requests of every operation, harmed at random: whatever is sent, the server answers, and never by a bug."""

from __future__ import annotations

import random
import time

import pytest

from tests.fuzz import mutations, seeds
from tests.fuzz.target import ATTACKER, OWNER, SECONDS, SEED

MOST_GROWTH_BYTES = 100 * 1024 * 1024


@pytest.mark.parametrize("service", seeds.IMPLEMENTED)
def test_no_request_finds_a_bug_hangs_the_server_or_fills_its_memory(target, wire, service):
    before = target.state(OWNER)
    operations = seeds.implemented(service)
    until = time.monotonic() + SECONDS
    number = 0
    while time.monotonic() < until or number <= 100:
        operation = operations[number % len(operations)]
        seed = f"{SEED}.{service}.{number}"
        request = seeds.request(service, operation, seed, target.things, ATTACKER)
        request = mutations.mutated(request, random.Random(seed))
        target.check(request, wire.send(request))
        number += 1
        if number % 500 == 0:
            target.refurnish()
    assert number > 100
    assert target.state(OWNER) == before
    assert target.process.resident_bytes - target.resident_bytes < MOST_GROWTH_BYTES


@pytest.mark.parametrize("service", seeds.IMPLEMENTED)
def test_a_refused_request_changes_nothing(target, wire, service):
    operations = [name for name in seeds.implemented(service) if not name.startswith(("List", "Get", "Head"))]
    until = time.monotonic() + SECONDS / 2
    state = target.state(ATTACKER)
    number = refused = 0
    while time.monotonic() < until or refused <= 10:
        seed = f"{SEED}.refused.{service}.{number}"
        request = seeds.request(service, operations[number % len(operations)], seed, target.things, ATTACKER)
        request = mutations.mutated(request, random.Random(seed))
        heard = wire.send(request)
        target.check(request, heard)
        after = target.state(ATTACKER)
        if heard.status >= 400:
            refused += 1
            assert after == state, f"seed {seed}: {heard.status} to {request!r}, and yet something changed"
        state = after
        number += 1
    assert refused > 10
