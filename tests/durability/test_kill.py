"""kill -9 in the middle of everything: what was acknowledged is there afterwards, and nothing else."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time

import pytest

from cumulet.kernel import blobs
from cumulet.kernel.clock import Clock
from cumulet.kernel.ids import Ids
from cumulet.kernel.store import ReadTransaction, SqliteEngine
from tests.admin_client import call
from tests.durability.load import Configurations, Fifo, Messages, Objects, Uploads, Versions, Worker, run_until_killed
from tests.durability.process import CloudProcess

SEED = os.environ.get("CUMULET_KILL_SEED", "kill")
_SWEPT_WITHIN_SECONDS = 20
KINDS = (Objects, Objects, Versions, Uploads, Configurations, Messages, Messages, Fifo)


@pytest.mark.spec("integration:SQS-03", "storage:S3-15")
@pytest.mark.parametrize(("durability", "rounds"), [("process", 3), ("power", 1)])
def test_what_was_acknowledged_survives(tmp_path, durability, rounds):
    workers = [kind(f"{kind.__name__.lower()}-{number}", SEED) for number, kind in enumerate(KINDS)]
    chance = random.Random(f"{SEED}.{durability}")
    with CloudProcess(tmp_path / "data", "--durability", durability) as process:
        for worker in workers:
            worker.begin(process.client)
        for number in range(rounds):
            seconds = chance.uniform(0.3, 1.2)
            run_until_killed(process, workers, seconds)
            _assert_blobs_agree(process)
            try:
                _check(process, workers)
            except AssertionError as error:
                raise AssertionError(f"seed {SEED!r}, {durability}, round {number}: {error}") from error
    assert sum(worker.steps for worker in workers) > 10 * rounds, "they were under way when the cloud was killed"


def _check(process: CloudProcess, workers: list[Worker]) -> None:
    for worker in workers:
        if not isinstance(worker, Messages):
            worker.check(process.client)
    status, _ = call(process.url, "POST", "/_cumulet/clock", {"advance": "2h"})  # consumers' time with them is over
    assert status == 200
    for worker in workers:
        if isinstance(worker, Messages):
            worker.check(process.client)


def _assert_blobs_agree(process: CloudProcess) -> None:
    """A cloud that has started has the files that its store names, and soon has swept all others."""
    files, named = _files_and_names(process)
    assert named - files == set(), "names without a file"
    patience = time.monotonic() + _SWEPT_WITHIN_SECONDS
    while files - named and time.monotonic() < patience:
        time.sleep(0.05)
        files, named = _files_and_names(process)
    assert files - named == set(), "files that nobody names"


def _files_and_names(process: CloudProcess) -> tuple[set[str], set[str]]:
    engine = SqliteEngine(process.home / "store.db")
    try:
        named = set(blobs.named(ReadTransaction(engine, Clock(), Ids())))
    finally:
        engine.close()
    return {path.name for path in (process.home / "blobs").rglob("*") if path.is_file()}, named


def test_what_fell_due_while_the_cloud_was_down_is_done_at_its_start(tmp_path):
    """Messages that were being moved from one queue to another go on moving, although nobody asks again."""
    with CloudProcess(tmp_path / "data") as process:
        sqs = process.client("sqs")
        dead, alive = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "alive"))
        arn = "arn:aws:sqs:us-east-1:000000000000:"
        redrive = f'{{"deadLetterTargetArn":"{arn}dead","maxReceiveCount":1}}'
        sqs.set_queue_attributes(QueueUrl=alive, Attributes={"RedrivePolicy": redrive})
        for number in range(50):
            sqs.send_message(QueueUrl=dead, MessageBody=str(number))
        sqs.start_message_move_task(
            SourceArn=arn + "dead", DestinationArn=arn + "alive", MaxNumberOfMessagesPerSecond=20
        )
        process.restart()
        sqs = process.client("sqs")
        url = f"{process.url}/000000000000/alive"
        count = "ApproximateNumberOfMessages"
        process.wait_for(
            lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[count])["Attributes"][count] == "50",
            seconds=30,
        )


def test_a_second_cloud_on_the_directory_is_refused_and_disturbs_nothing(tmp_path):
    with CloudProcess(tmp_path / "data") as process:
        process.client("s3").create_bucket(Bucket="mine")
        second = CloudProcess(tmp_path / "data")
        with pytest.raises(AssertionError, match="did not start"):
            second.start()
        second.kill()
        assert process.client("s3").list_buckets()["Buckets"][0]["Name"] == "mine"
        process.restart()  # whoever is killed leaves no lock behind
        assert process.client("s3").list_buckets()["Buckets"][0]["Name"] == "mine"


@pytest.mark.parametrize("seed", range(4))
def test_a_log_that_was_cut_anywhere_opens_as_the_store_was_once(tmp_path, seed):
    """Power may fail while the log is written: the store is then what it was after some earlier commit."""
    with CloudProcess(tmp_path / "data") as process:
        s3 = process.client("s3")
        s3.create_bucket(Bucket="bucket")
        for number in range(30):
            s3.put_object(Bucket="bucket", Key=f"{number:02}", Body=b"%d" % number)
        process.kill()
    home = tmp_path / "cut"
    shutil.copytree(tmp_path / "data", home)
    log = home / "store.db-wal"
    assert log.stat().st_size > 0, "the log was not yet moved into the store"
    chance = random.Random(seed)
    with log.open("r+b") as file:
        file.truncate(chance.randrange(log.stat().st_size))
    with CloudProcess(home) as process:
        s3 = process.client("s3")
        buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket="bucket").get("Contents", [])] if buckets else []
        assert keys == [f"{number:02}" for number in range(len(keys))], "the first so many, none in between missing"
        for key in keys:
            assert s3.get_object(Bucket="bucket", Key=key)["Body"].read() == b"%d" % int(key)
        s3.create_bucket(Bucket="works-again")
    with sqlite3.connect(home / "store.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    store.close()
