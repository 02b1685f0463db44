"""Forgetting everything, a service, an account."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from cumulet import resets
from cumulet.kernel.blobs import Blob
from cumulet.kernel.errors import NotImplementedYet
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


def test_forgetting_an_account_leaves_the_others(own_cloud):
    kernel = own_cloud.cloud.kernel

    async def story():
        for account in (ALICE, BOB):
            await kernel.store.write(lambda tx, a=account: tx.put(("svc", a, "us-east-1", "thing"), Kept(name=a)))
        await kernel.store.write(forget, kernel.blobs, ("svc", ALICE))
        return await kernel.store.read(lambda tx: [kept.name for kept in tx.range(("svc",))])

    assert own_cloud.run(story()) == [BOB]


def test_a_service_with_its_keys_in_another_order_refuses_to_pretend(own_cloud):
    kernel = own_cloud.cloud.kernel
    own_cloud.run(kernel.store.write(lambda tx: tx.put(("svc", "shelf", 1), Kept(name="x"))))
    with pytest.raises(NotImplementedYet, match="svc"):
        own_cloud.run(kernel.store.write(forget, kernel.blobs, ("svc", ALICE)))


@pytest.mark.parametrize("service", ["s3", "sqs", None])
def test_an_account_is_forgotten_and_the_others_have_all(own_cloud, ask, service):
    """In one service, or in all of them."""

    def kept(account):
        buckets = own_cloud.client("s3", account=account).list_buckets()["Buckets"]
        queues = own_cloud.client("sqs", account=account).list_queues().get("QueueUrls", [])
        return {"s3": len(buckets), "sqs": len(queues)}

    for account in (ALICE, BOB):
        s3 = own_cloud.client("s3", account=account)
        s3.create_bucket(Bucket=f"of-{account}")
        s3.put_object(Bucket=f"of-{account}", Key="large", Body=b"x" * 50_000)
        for region in ("us-east-1", "eu-west-1"):
            regional = own_cloud.client("sqs", account=account, region=region)
            url = regional.create_queue(QueueName="q")["QueueUrl"]
            regional.send_message(QueueUrl=url, MessageBody="x" * 50_000)
    what = {"account": ALICE} if service is None else {"service": service, "account": ALICE}
    assert ask("POST", "/_cumulet/reset", what)[0] == 200

    assert kept(ALICE) == {"s3": int(service == "sqs"), "sqs": int(service == "s3")}
    assert kept(BOB) == {"s3": 1, "sqs": 1}
    if service != "s3":
        assert not _queues(own_cloud, ALICE)
    assert own_cloud.check() == []


def test_a_reset_of_a_service_leaves_the_others(own_cloud, ask, queue_of):
    queue_of(ALICE)
    own_cloud.client("s3").create_bucket(Bucket="stays")
    assert ask("POST", "/_localstack/state/sqs/reset")[0] == 200
    assert not _queues(own_cloud, ALICE)
    assert [b["Name"] for b in own_cloud.client("s3").list_buckets()["Buckets"]] == ["stays"]


def test_a_reset_of_what_is_not_there_is_refused(ask):
    assert ask("POST", "/_cumulet/reset", {"service": "nonsense"})[0] == 404
    assert ask("POST", "/_cumulet/reset", {"account": "me"})[0] == 400


def test_jobs_and_events_go_with_their_service(own_cloud, ask):
    kernel = own_cloud.cloud.kernel

    def prepare(tx):
        scope = Scope(account=ALICE)
        for handler in ("sqs.expire", "s3.expire"):
            tx.schedule(tx.now + timedelta(days=9), handler, scope=scope, key="k")
            event = handler.replace("expire", "Happened")
            tx.emit(Event(id=handler, type=event, time=tx.now, scope=scope, resource="", detail={}))

    own_cloud.run(kernel.store.write(prepare))
    assert ask("POST", "/_cumulet/reset", {"service": "sqs"})[0] == 200

    def remaining(tx):
        due = {job.handler for job in tx.range(("jobs", "due")) if job.key == "k"}
        keyed = {key[2] for key, _ in tx.items(("jobs", "keyed")) if key[-1] == "k"}
        return due, keyed, {event.type for event in tx.range(("events", "log"))}

    assert own_cloud.run(kernel.store.read(remaining)) == ({"s3.expire"}, {"s3.expire"}, {"s3.Happened"})


def test_jobs_go_with_their_account():
    assert resets.concerns("sqs.expire", Scope(account=ALICE), "sqs", ALICE)
    assert resets.concerns("sqs.expire", Scope(account=ALICE), None, ALICE)
    assert not resets.concerns("sqs.expire", Scope(account=BOB), "sqs", ALICE)
    assert not resets.concerns("s3.expire", Scope(account=ALICE), "sqs", ALICE)
    assert not resets.concerns("sqsx.expire", Scope(account=ALICE), "sqs", None)


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
