"""The endpoints by which a cloud is looked after, over HTTP."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import partial

import pytest
from botocore.exceptions import ClientError

from cumulet.cli import announcement
from cumulet.gateway.http import Request
from cumulet.testing import LocalCloud
from tests.admin_client import call


@pytest.fixture
def ask(own_cloud):
    return partial(call, own_cloud.url)


def test_health_names_the_services(ask):
    status, health = ask("GET", "/_cumulet/health")
    assert status == 200
    assert health["status"] == "running"
    assert health["services"]["sqs"] == "available"


def test_status_tells_where_the_data_is(own_cloud, ask):
    _, facts = ask("GET", "/_cumulet/status")
    assert facts["data_dir"] == str(own_cloud.cloud.settings.home)
    assert facts["url"] == own_cloud.url
    assert facts["private"] is True


def test_what_is_not_there_is_404_and_names_itself(ask):
    assert ask("GET", "/_cumulet/nothing") == (404, {"error": "there is no /_cumulet/nothing"})
    status, answer = ask("DELETE", "/_cumulet/clock")
    assert status == 404
    assert "GET and POST" in answer["error"]


HOSTILE = [
    b"{", b"[]", b"null", b"\xff\xfe", b"12", b'"x"', b'{"advance": []}', b'{"advance": "1"}', b'{"advance": -1}',
    b'{"advance": 1e300}', b'{"advance": "999999999y"}', b'{"set": "soon"}', b'{"set": "9999-12-31"}',
    b'{"set": "0001-01-01"}', b'{"rate": -1}', b'{"rate": 1e9}', b'{"rate": "fast"}', b'{"real": false}', b"{}",
    b'{"advance": "1d", "rate": 2}', b'{"advanced": "1d"}', b"[" * 100_000, b'{"a":' * 50_000,
    b'{"set": "0001-01-01T00:00:00+23:59"}', b'{"set": "9999-12-31T23:59:59-23:59"}',
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: body[:24].decode("latin-1"))
def test_a_malformed_change_of_the_clock_is_refused_and_changes_nothing(own_cloud, ask, body):
    anchors = len(own_cloud.cloud.kernel.clock.anchors)
    status, answer = ask("POST", "/_cumulet/clock", body)
    assert status == 400
    assert answer["error"]
    assert len(own_cloud.cloud.kernel.clock.anchors) == anchors


@pytest.mark.parametrize("path", ["/_cumulet/reset", "/_cumulet/snapshots", "/_cumulet/keys", "/_localstack/health"])
def test_no_body_at_all_makes_a_bug_of_it(ask, path):
    chance = random.Random(7)
    bodies = [bytes(chance.randrange(256) for _ in range(20)) for _ in range(20)]
    for body in [
        *bodies,
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"service": 1, "name": 1, "account": 1, "action": 1}',
    ]:
        status, _ = ask("POST", path, body)
        assert status == 400, body[:40]


def test_a_body_without_end_is_refused(ask):
    assert ask("POST", "/_cumulet/reset", b" " * (1024 * 1024 + 1))[0] == 413


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Host": "rebound.example"}, {"Origin": "null"}], ids=str
)
def test_foreign_pages_may_not_look_after_the_cloud(ask, headers):
    assert ask("POST", "/_cumulet/reset", headers=headers)[0] == 403
    assert ask("GET", "/_cumulet/status", headers=headers)[0] == 403


def test_another_machine_may_not_look_after_the_cloud(own_cloud):
    request = Request("POST", "/_cumulet/reset", "", {"host": "127.0.0.1"}, source_ip="192.0.2.7")
    response = own_cloud.run(own_cloud.cloud.admin.answer(request, None))
    assert response.status == 403


def test_where_others_can_reach_it_the_cloud_wants_its_token(own_cloud, ask, monkeypatch):
    monkeypatch.setattr(type(own_cloud.cloud), "is_private", False)
    assert ask("GET", "/_cumulet/keys")[0] == 403
    assert ask("POST", "/_cumulet/keys", headers={"x-cumulet-token": "guess"})[0] == 403
    assert ask("GET", "/_cumulet/health")[0] == 200
    assert ask("POST", "/_localstack/health", {"action": "kill"})[0] == 403
    assert ask("GET", "/_cumulet/keys", headers={"x-cumulet-token": own_cloud.cloud.token})[0] == 200


def test_a_cloud_that_others_can_reach_shows_a_root_key_once_and_accepts_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr("cumulet.cloud.is_loopback", lambda host: False)
    with LocalCloud(tmp_path / "c") as cloud:
        key = cloud.cloud.new_root_key
        shown = announcement.words(announcement.facts(cloud.cloud))
        assert key.id in shown and key.secret in shown
        keys = {"aws_access_key_id": key.id, "aws_secret_access_key": key.secret}
        assert cloud.client("s3", **keys).list_buckets()["Buckets"] == []
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            cloud.client("s3").list_buckets()
    with LocalCloud(tmp_path / "c") as cloud:
        assert cloud.cloud.new_root_key is None
        assert "AWS_ACCESS_KEY_ID" not in announcement.words(announcement.facts(cloud.cloud))
        assert cloud.client("s3", **keys).list_buckets()["Buckets"] == []


def test_the_clock_can_be_advanced_frozen_and_made_real_again(ask):
    before = _now(ask)
    status, facts = ask("POST", "/_cumulet/clock", {"advance": "1d12h"})
    assert (status, facts["settled"], facts["real"]) == (200, True, False)
    assert timedelta(days=1, hours=12) <= _now(ask) - before < timedelta(days=1, hours=13)
    ask("POST", "/_cumulet/clock", {"rate": 0})
    assert _now(ask) == _now(ask)
    ask("POST", "/_cumulet/clock", {"set": "2031-05-06"})
    assert _now(ask) == datetime.fromisoformat("2031-05-06T00:00:00Z")
    assert ask("POST", "/_cumulet/clock", {"real": True})[1]["real"] is True


def test_the_clocks_setting_outlives_a_restart(tmp_path):
    with LocalCloud(tmp_path / "c") as cloud:
        call(cloud.url, "POST", "/_cumulet/clock", {"rate": 0})
        call(cloud.url, "POST", "/_cumulet/clock", {"set": "2031-05-06"})
    with LocalCloud(tmp_path / "c") as cloud:
        assert call(cloud.url, "GET", "/_cumulet/clock")[1]["now"] == "2031-05-06T00:00:00Z"


def test_an_issued_key_is_verified(own_cloud, ask):
    _, key = ask("POST", "/_cumulet/keys", {"account": "123456789012"})
    names = {"aws_access_key_id": key["id"], "aws_secret_access_key": key["secret"]}
    url = own_cloud.client("sqs", **names).create_queue(QueueName="mine")["QueueUrl"]
    assert "/123456789012/" in url
    names["aws_secret_access_key"] = "x" * 40
    with pytest.raises(ClientError, match="signature"):
        own_cloud.client("sqs", **names).create_queue(QueueName="mine")


def test_a_deleted_key_is_forgotten(ask):
    _, first = ask("POST", "/_cumulet/keys", {})
    _, second = ask("POST", "/_cumulet/keys", {})
    assert ask("DELETE", f"/_cumulet/keys/{first['id']}")[0] == 200
    assert ask("DELETE", f"/_cumulet/keys/{first['id']}")[0] == 404
    assert [key["id"] for key in ask("GET", "/_cumulet/keys")[1]["keys"]] == [second["id"]]
    assert "secret" not in ask("GET", "/_cumulet/keys")[1]["keys"][0]


@pytest.mark.parametrize("account", ["1", "12345678901x", "", "٣" * 12, "0" * 13])
def test_a_key_is_for_an_account_of_twelve_digits(ask, account):
    assert ask("POST", "/_cumulet/keys", {"account": account})[0] == 400


def test_localstacks_restart_keeps_data_where_there_is_a_place_for_it(own_cloud, ask):
    own_cloud.client("s3").create_bucket(Bucket="kept")
    assert ask("POST", "/_localstack/health", {"action": "restart"})[0] == 200
    assert [b["Name"] for b in own_cloud.client("s3").list_buckets()["Buckets"]] == ["kept"]
    with LocalCloud() as ephemeral:
        ephemeral.client("s3").create_bucket(Bucket="gone")
        assert call(ephemeral.url, "POST", "/_localstack/health", {"action": "restart"})[0] == 200
        assert ephemeral.client("s3").list_buckets()["Buckets"] == []


def test_localstacks_endpoints_answer_in_its_shapes(own_cloud, ask):
    assert ask("GET", "/_localstack/health")[1]["services"]["sqs"] == "available"
    own_cloud.client("sqs").create_queue(QueueName="q")
    _, health = ask("GET", "/_localstack/health")
    assert health["services"]["sqs"] == "running"
    assert set(health) == {"services", "edition", "version"}
    assert ask("HEAD", "/_localstack/health") == (200, None)
    assert {"version", "edition", "session_id", "uptime", "is_docker"} <= set(ask("GET", "/_localstack/info")[1])
    _, init = ask("GET", "/_localstack/init")
    assert init == {"completed": {"BOOT": True, "START": True, "READY": True, "SHUTDOWN": False}, "scripts": []}
    assert ask("GET", "/_localstack/init/ready")[1] == {"completed": True, "scripts": []}
    assert ask("GET", "/_localstack/init/never")[0] == 404


def _now(ask):
    return datetime.fromisoformat(ask("GET", "/_cumulet/clock")[1]["now"])
