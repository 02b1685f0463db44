"""Snapshots: saved while the cloud goes on, loaded whole or not at all, forked."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

from cumulet import snapshots
from cumulet.testing import LocalCloud
from tests.admin_client import call

LARGE = 40_000
"""More than lies inline in the store: such a body has a file."""


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "cloud"


@pytest.fixture
def running(home):
    with LocalCloud(home) as cloud:
        cloud.client("s3").create_bucket(Bucket="bucket")
        yield cloud


def put(cloud, key, letter):
    cloud.client("s3").put_object(Bucket="bucket", Key=key, Body=letter * LARGE)


def get(cloud, key):
    return cloud.client("s3").get_object(Bucket="bucket", Key=key)["Body"].read()


def objects(cloud):
    return {
        o["Key"]: get(cloud, o["Key"])[:1]
        for o in cloud.client("s3").list_objects_v2(Bucket="bucket").get("Contents", ())
    }


def save(cloud, name):
    return call(cloud.url, "POST", "/_cumulet/snapshots", {"name": name})


def load(cloud, name):
    return call(cloud.url, "POST", f"/_cumulet/snapshots/{name}/load")


def missing_blobs(cloud):
    return cloud.run(cloud.cloud.kernel.store.read(cloud.cloud.kernel.blobs.missing))


def test_a_snapshot_brings_back_what_was_and_nothing_else(running):
    put(running, "kept", b"a"), put(running, "changed", b"b")
    assert save(running, "one")[0] == 200
    put(running, "changed", b"c"), put(running, "later", b"d")
    running.client("s3").delete_object(Bucket="bucket", Key="kept")

    assert load(running, "one") == (200, {"loaded": "one"})

    assert objects(running) == {"kept": b"a", "changed": b"b"}
    assert missing_blobs(running) == []


def test_what_is_done_after_a_load_is_kept_and_does_not_touch_the_snapshot(home):
    with LocalCloud(home) as running:
        running.client("s3").create_bucket(Bucket="bucket")
        put(running, "a", b"a")
        save(running, "one"), load(running, "one")
        put(running, "a", b"z"), put(running, "b", b"b")
    with LocalCloud(home) as again:
        assert objects(again) == {"a": b"z", "b": b"b"}
        load(again, "one")
        assert objects(again) == {"a": b"a"}


def test_a_snapshot_shares_the_files_of_bodies(running, home):
    put(running, "a", b"a")
    save(running, "one")
    (body,) = [f for f in (home / "blobs").rglob("*") if f.is_file()]
    assert os.stat(body).st_nlink == 2


def test_the_list_tells_names_sizes_and_times_and_shrinks_by_deletion(running):
    put(running, "a", b"a")
    save(running, "one"), save(running, "two")
    _, listing = call(running.url, "GET", "/_cumulet/snapshots")
    assert [s["name"] for s in listing["snapshots"]] == ["one", "two"]
    assert listing["snapshots"][0]["bytes"] > LARGE
    assert call(running.url, "DELETE", "/_cumulet/snapshots/one")[0] == 200
    assert call(running.url, "DELETE", "/_cumulet/snapshots/one")[0] == 404
    assert [s["name"] for s in call(running.url, "GET", "/_cumulet/snapshots")[1]["snapshots"]] == ["two"]


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "../../etc", "a" * 101, "ä", "a\nb", "a b", "-x"])
def test_a_snapshots_name_is_no_path(running, home, name):
    before = sorted(str(path) for path in home.rglob("*"))
    assert save(running, name)[0] == 409
    assert sorted(str(path) for path in home.rglob("*")) == before


def test_a_name_is_taken_once(running):
    assert save(running, "one")[0] == 200
    status, answer = save(running, "one")
    assert status == 409
    assert "delete it first" in answer["error"]


def test_a_snapshot_that_is_not_there_cannot_be_loaded(running):
    put(running, "a", b"a")
    assert load(running, "never")[0] == 404
    assert objects(running) == {"a": b"a"}


def test_two_who_load_at_once_end_with_one_snapshot_or_the_other(running):
    put(running, "a", b"a")
    save(running, "one")
    put(running, "a", b"b")
    save(running, "two")
    answers = []
    threads = [threading.Thread(target=lambda n=name: answers.append(load(running, n)[0])) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 200 in answers
    assert set(answers) <= {200, 409, 503}
    assert objects(running)["a"] in (b"a", b"b")
    assert missing_blobs(running) == []


def test_a_long_poll_is_asked_to_try_again_when_the_state_is_exchanged(running):
    sqs = running.client("sqs", config=Config(retries={"max_attempts": 0}, read_timeout=30))
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    save(running, "one")
    failures = []

    def poll():
        try:
            sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
        except ClientError as error:
            failures.append(error.response["ResponseMetadata"]["HTTPStatusCode"])

    thread = threading.Thread(target=poll)
    thread.start()
    time.sleep(0.5)
    assert load(running, "one")[0] == 200
    thread.join(timeout=10)
    assert failures == [503]


def test_a_slow_download_is_cut_short_and_not_corrupted_when_the_state_is_exchanged(running, caplog):
    running.client("s3").put_object(Bucket="bucket", Key="huge", Body=b"x" * 40_000_000)
    save(running, "one")
    body = running.client("s3", config=Config(retries={"max_attempts": 0})).get_object(Bucket="bucket", Key="huge")[
        "Body"
    ]
    assert body.read(1000) == b"x" * 1000
    assert load(running, "one")[0] == 200
    with pytest.raises((ResponseStreamingError, IncompleteReadError)):
        while body.read(1_000_000):
            pass
    assert "Traceback" not in caplog.text
    assert len(get(running, "huge")) == 40_000_000


def test_an_ephemeral_cloud_says_why_it_has_no_snapshots():
    with LocalCloud() as cloud:
        status, answer = save(cloud, "one")
    assert status == 409
    assert "ephemeral" in answer["error"]


def test_a_snapshot_under_load_is_consistent(running):
    """Bodies come and go while it is saved; each one that its store names is there, and whole."""
    seed = random.randrange(1 << 30)
    stop = threading.Event()

    def churn(number):
        s3, chance, letters = running.client("s3"), random.Random(seed + number), {}
        while not stop.is_set():
            key = f"{number}-{chance.randrange(5)}"
            if key in letters and chance.random() < 0.5:
                s3.delete_object(Bucket="bucket", Key=key)
                del letters[key]
            else:
                s3.put_object(Bucket="bucket", Key=key, Body=bytes([97 + chance.randrange(26)]) * LARGE)
                letters[key] = True

    threads = [threading.Thread(target=churn, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    try:
        for name in ("one", "two", "three"):
            assert save(running, name)[0] == 200
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    for name in ("one", "two", "three"):
        assert load(running, name)[0] == 200
        assert missing_blobs(running) == [], f"seed {seed}"
        for key in objects(running):
            body = get(running, key)
            assert body == body[:1] * LARGE, f"seed {seed}"


def test_clients_notice_no_more_than_a_pause_when_a_snapshot_is_loaded(running):
    put(running, "a", b"a")
    save(running, "one")
    stop, failures = threading.Event(), []

    def read():
        s3 = running.client("s3", config=Config(retries={"max_attempts": 3}))
        while not stop.is_set():
            try:
                assert s3.get_object(Bucket="bucket", Key="a")["Body"].read() == b"a" * LARGE
            except Exception as error:
                failures.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(5):
        assert load(running, "one")[0] == 200
    stop.set()
    thread.join()
    assert failures == []


@pytest.mark.parametrize("renames", range(8))
def test_a_load_that_was_cut_off_is_finished_by_the_next_start(home, monkeypatch, renames):
    """It is decided when `incoming` is in its place; whatever happens then, the next start holds the snapshot."""
    with LocalCloud(home) as cloud:
        cloud.client("s3").create_bucket(Bucket="bucket")
        put(cloud, "a", b"a")
        save(cloud, "one")
        put(cloud, "a", b"z")
    real, count = Path.rename, 0

    def rename(self, target):
        nonlocal count
        count += 1
        if count > renames:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    try:
        snapshots.prepare_load(home, "one")
        snapshots.finish_load(home)
    except KeyboardInterrupt:
        pass
    monkeypatch.undo()
    with LocalCloud(home) as cloud:
        assert objects(cloud) == {"a": b"a" if renames else b"z"}
        assert missing_blobs(cloud) == []
    assert not [path.name for path in home.iterdir() if path.name in ("incoming", "outgoing") or "draft" in path.name]


def test_a_save_that_was_cut_off_leaves_nothing(home, monkeypatch):
    with LocalCloud(home) as cloud:
        cloud.client("s3").create_bucket(Bucket="bucket")
        put(cloud, "a", b"a")
        monkeypatch.setattr(snapshots.shutil, "rmtree", lambda *_, **__: None)  # as if the process were gone
        monkeypatch.setattr(snapshots, "_gather", lambda *_: 1 / 0)
        assert save(cloud, "one")[0] == 500
        monkeypatch.undo()
        assert call(cloud.url, "GET", "/_cumulet/snapshots")[1] == {"snapshots": []}
        assert list((home / "snapshots").iterdir())
    with LocalCloud(home):
        assert list((home / "snapshots").iterdir()) == []


def test_a_fork_goes_its_own_way(running, tmp_path):
    put(running, "a", b"a")
    save(running, "one")
    into = tmp_path / "fork"
    assert call(running.url, "POST", "/_cumulet/snapshots/one/fork", {"into": str(into)})[0] == 200
    with LocalCloud(into) as fork:
        put(fork, "b", b"b")
        fork.client("s3").delete_object(Bucket="bucket", Key="a")
        assert objects(fork) == {"b": b"b"}
    assert objects(running) == {"a": b"a"}
    assert missing_blobs(running) == []


def test_a_fork_overwrites_nothing(running, tmp_path):
    save(running, "one")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("data")
    for into in (str(tmp_path / "full"), "relative"):
        assert call(running.url, "POST", "/_cumulet/snapshots/one/fork", {"into": into})[0] == 409
    assert (tmp_path / "full" / "precious").read_text() == "data"


def test_a_released_body_stays_while_someone_copies(running):
    put(running, "a", b"a")
    blobs = running.cloud.kernel.blobs
    folder = running.cloud.settings.home / "blobs"
    count = lambda: len([f for f in folder.rglob("*") if f.is_file()])  # noqa: E731
    with blobs.hold():
        running.client("s3").delete_object(Bucket="bucket", Key="a")
        assert count() == 1
    assert count() == 0
