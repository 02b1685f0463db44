"""Runs of random writes in three Regions against a dict."""

from __future__ import annotations

import random

import pytest

from tests.dynamodb.test_global_tables import AWAY, HOME, NAME, THIRD, add, at, change, cloud, make, scores, table

__all__ = ["at", "cloud"]  # fixtures

STEPS = 150


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("strong", [False, True])
def test_replicas_end_up_with_what_was_written_last(cloud, at, account, seed, strong):
    chance = random.Random(seed)
    clients = {region: at(region) for region in (HOME, AWAY, THIRD)}
    make(clients[HOME])
    if strong:
        change(clients[HOME], add(AWAY), add(THIRD), MultiRegionConsistency="STRONG")
    else:
        change(clients[HOME], add(AWAY))
        change(clients[HOME], add(THIRD))
    model: dict[str, str] = {}
    for step in range(STEPS):
        key, region = chance.choice("abcdefgh"), chance.choice(list(clients))
        action = chance.choice(["put", "put", "put", "delete", "wait", "advance"])
        if action == "put":
            model[key] = str(step)
            item = {"pk": {"S": key}, "score": {"N": str(step)}}
            clients[region].put_item(TableName=NAME, Item=item)
        elif action == "delete" and (strong or cloud_is_settled(cloud)):
            model.pop(key, None)
            clients[region].delete_item(TableName=NAME, Key={"pk": {"S": key}})
        elif action == "wait":
            cloud.settle()
        elif action == "advance" and chance.random() < 0.2:
            cloud.advance(hours=chance.randint(1, 9))
        if strong:
            assert scores(clients[region]) == model, f"seed {seed}, step {step}"
    cloud.settle()

    for region, dynamodb in clients.items():
        assert scores(dynamodb) == model, f"seed {seed}, {region}"
        assert table(dynamodb)["ItemCount"] == len(model), f"seed {seed}, {region}"


def cloud_is_settled(cloud) -> bool:
    """A delete of what has not arrived yet deletes nothing, here as on AWS; so it waits for what was written."""
    cloud.settle()
    return True
