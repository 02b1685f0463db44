"""A cloud that is killed at any instant while it saves and loads snapshots holds one whole state afterwards."""

from __future__ import annotations

import os
import random
import signal
import threading
import time

import boto3
import pytest

from tests.admin_client import call

_ROUNDS = 4
_KEYS = [f"key-{number}" for number in range(8)]


def s3(facts):
    return boto3.client(
        "s3", endpoint_url=facts["url"], region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def put_all(facts, letter):
    for key in _KEYS:
        s3(facts).put_object(Bucket="bucket", Key=key, Body=letter * 30_000)


def bodies(facts):
    return {s3(facts).get_object(Bucket="bucket", Key=key)["Body"].read() for key in _KEYS}


@pytest.mark.parametrize("seed", [random.randrange(1 << 30)], ids=["random"])
def test_a_kill_in_the_middle_leaves_one_snapshot_or_the_other(cumulet, seed):
    chance = random.Random(seed)
    facts = cumulet.up()
    s3(facts).create_bucket(Bucket="bucket")
    for letter in (b"a", b"b"):
        put_all(facts, letter)
        assert call(facts["url"], "POST", "/_cumulet/snapshots", {"name": letter.decode()})[0] == 200
    for number in range(_ROUNDS):
        worker = threading.Thread(target=_save_and_load, args=(facts["url"], f"new-{number}", chance.choice("ab")))
        worker.start()
        time.sleep(chance.random() * 0.25)
        os.kill(facts["pid"], signal.SIGKILL)
        worker.join()
        facts = cumulet.up()
        assert bodies(facts) in ({b"a" * 30_000}, {b"b" * 30_000}), f"seed {seed}"
        assert not _leftovers(cumulet.home), f"seed {seed}"


def _save_and_load(url, new, old):
    """As far as it comes: the cloud is killed meanwhile, and then nobody answers."""
    try:
        call(url, "POST", "/_cumulet/snapshots", {"name": new})
        call(url, "POST", f"/_cumulet/snapshots/{old}/load")
    except Exception:
        return


def _leftovers(home):
    found = [*home.iterdir(), *(home / "snapshots").iterdir()]
    return [path.name for path in found if "draft" in path.name or path.name in ("incoming", "outgoing")]
