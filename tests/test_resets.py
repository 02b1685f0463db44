"""Forgetting everything, a service, an account."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from cumulet.kernel.blobs import Blob
from cumulet.kernel.events import Event
from cumulet.kernel.forgetting import forget
from cumulet.kernel.records import Record
from cumulet.kernel.scope import Scope
from cumulet.testing import cloud  # noqa: F401 - a fixture
from tests.admin_client import call

ALICE, BOB = "111111111111", "222222222222"


class Kept(Record):
    name: str
    parts: list[Blob] = []  # noqa: RUF012 - records are frozen


@pytest.fixture
def ask(own_cloud):
    return partial(call, own_cloud.url)


@pytest.fixture
def queue_of(own_cloud):
    def make(account: str) -> str:
        own_cloud.client("sqs", account=account).create_queue(QueueName="q")
        return account

    return make


def _queues(running, account):
    """Read from the store: SQS keeps everything under its name and the account."""
    return running.run(running.cloud.kernel.store.read(lambda tx: [key for key, _ in tx.items(("sqs", account))]))


@pytest.mark.parametrize("path", ["/_cumulet/reset", "/_localstack/state/reset", "/moto-api/reset"])
def test_a_reset_forgets_everything_but_root_keys_and_the_clock(own_cloud, ask, queue_of, path):
    queue_of(ALICE)
    s3 = own_cloud.client("s3")
    s3.create_bucket(Bucket="forgettable")
    s3.put_object(Bucket="forgettable", Key="large", Body=b"x" * 100_000)
    _, key = ask("POST", "/_cumulet/keys", {})
    ask("POST", "/_cumulet/clock", {"advance": "400d"})

    assert ask("POST", path)[0] == 200

    assert not _queues(own_cloud, ALICE)
    assert s3.list_buckets()["Buckets"] == []
    blobs = own_cloud.cloud.settings.home / "blobs"
    assert [file for file in blobs.rglob("*") if file.is_file()] == []
    assert [k["id"] for k in ask("GET", "/_cumulet/keys")[1]["keys"]] == [key["id"]]
    assert ask("GET", "/_cumulet/clock")[1]["real"] is False


def test_a_cloud_works_after_a_reset(own_cloud, ask):
    s3 = own_cloud.client("s3")
    for _ in range(3):
        s3.create_bucket(Bucket="again")
        s3.put_object(Bucket="again", Key="k", Body=b"x" * 100_000)
        assert len(s3.get_object(Bucket="again", Key="k")["Body"].read()) == 100_000
        assert ask("POST", "/_cumulet/reset")[0] == 200


def test_an_ephemeral_cloud_can_be_reset(cloud):  # noqa: F811
    sqs = cloud.client("sqs", account=ALICE)
    sqs.create_queue(QueueName="q")
    assert call(cloud.url, "POST", "/_cumulet/reset")[0] == 200
    assert not _queues(cloud, ALICE)
    sqs.create_queue(QueueName="q")
    assert _queues(cloud, ALICE)


def test_a_reset_of_an_account_leaves_the_others(own_cloud, ask, queue_of):
    queue_of(ALICE), queue_of(BOB)
    assert ask("POST", "/_cumulet/reset", {"service": "sqs", "account": ALICE})[0] == 200
    assert not _queues(own_cloud, ALICE)
    assert _queues(own_cloud, BOB)


def test_an_account_is_forgotten_or_the_answer_says_why_not(own_cloud, ask):
    """S3's names are everybody's: its keys do not begin with the account."""
    own_cloud.client("s3", account=ALICE).create_bucket(Bucket="alices")
    status, answer = ask("POST", "/_cumulet/reset", {"account": ALICE})
    left = own_cloud.client("s3", account=ALICE).list_buckets()["Buckets"]
    assert (status, left) == (200, []) or (status == 501 and "s3" in answer["error"] and left)


def test_a_reset_of_a_service_leaves_the_others(own_cloud, ask, queue_of):
    queue_of(ALICE)
    own_cloud.client("s3").create_bucket(Bucket="stays")
    assert ask("POST", "/_localstack/state/sqs/reset")[0] == 200
    assert not _queues(own_cloud, ALICE)
    assert [b["Name"] for b in own_cloud.client("s3").list_buckets()["Buckets"]] == ["stays"]


def test_a_reset_of_what_is_not_there_is_refused(ask):
    assert ask("POST", "/_cumulet/reset", {"service": "nonsense"})[0] == 404
    assert ask("POST", "/_cumulet/reset", {"account": "me"})[0] == 400


def test_jobs_and_events_go_with_their_service_and_account(own_cloud, ask):
    kernel = own_cloud.cloud.kernel

    def prepare(tx):
        for account in (ALICE, BOB):
            scope = Scope(account=account)
            tx.schedule(tx.now + timedelta(days=9), "sqs.expire", scope=scope, key=account)
            tx.schedule(tx.now + timedelta(days=9), "s3.expire", scope=scope)
            tx.emit(Event(id=account, type="sqs.Sent", time=tx.now, scope=scope, resource="", detail={}))

    own_cloud.run(kernel.store.write(prepare))
    ask("POST", "/_cumulet/reset", {"service": "sqs", "account": ALICE})

    def remaining(tx):
        due = {(job.handler, job.scope.account) for job in tx.range(("jobs", "due")) if job.scope.account}
        return due, [key[-1] for key, _ in tx.items(("jobs", "keyed", "sqs.expire"))], list(tx.range(("events", "log")))

    due, keyed, events = own_cloud.run(kernel.store.read(remaining))
    assert due == {("s3.expire", ALICE), ("s3.expire", BOB), ("sqs.expire", BOB)}
    assert keyed == [BOB]
    assert [event.scope.account for event in events] == [BOB]


def test_forgetting_releases_the_blobs_of_the_records(own_cloud):
    kernel = own_cloud.cloud.kernel

    async def story():
        with await kernel.blobs.write(b"x" * 100_000) as draft:
            await kernel.store.write(lambda tx: tx.put(("a", 1), Kept(name="a", parts=[draft.adopt(tx)])))
        shared = await kernel.store.read(lambda tx: tx.get(("a", 1)).parts[0])
        await kernel.store.write(lambda tx: tx.put(("b", 1), Kept(name="b", parts=[kernel.blobs.share(tx, shared)])))
        files = lambda: len([f for f in (own_cloud.cloud.settings.home / "blobs").rglob("*") if f.is_file()])  # noqa: E731
        counts = [files()]
        for prefix in ("a", "b"):
            await kernel.store.write(forget, kernel.blobs, (prefix,))
            counts.append(files())
        return counts

    assert own_cloud.run(story()) == [1, 1, 0]
