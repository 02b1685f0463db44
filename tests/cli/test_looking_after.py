"""Clock, snapshots, resets, coverage and the doctor: the same with a running cloud and with one that is down."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta

import boto3
import pytest

from cumulet.cli import checks


@pytest.fixture(params=["running", "down"])
def either(cumulet, request):
    """The command, with the cloud in both states."""
    if request.param == "running":
        cumulet.up()
    return cumulet


def s3(facts):
    return boto3.client(
        "s3", endpoint_url=facts["url"], region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def now(cumulet):
    return datetime.fromisoformat(cumulet("clock", "--json").json["now"])


def test_the_clock_obeys(either):
    before = now(either)
    assert either("clock", "advance", "3d").code == 0
    assert timedelta(days=3) <= now(either) - before < timedelta(days=3, minutes=2)
    assert either("clock", "freeze").out.endswith("frozen\n")
    assert either("clock", "set", "2031-05-06T07:08:09Z").code == 0
    assert either("clock", "show").out == "2031-05-06 07:08:09 UTC, frozen\n"
    assert either("clock", "rate", "60").out.endswith("rate 60\n")
    assert either("clock", "resume").out.endswith("rate 1\n")
    assert either("clock", "real").out.endswith("real time\n")
    assert abs(now(either) - before) < timedelta(minutes=2)


@pytest.mark.parametrize(
    "arguments", [("advance", "soon"), ("set", "31.1.2030"), ("rate", "-1"), ("rate", "nan")], ids=str
)
def test_the_clock_refuses_nonsense_in_one_line(cumulet, arguments):
    said = cumulet("clock", arguments[0], "--", arguments[1])
    assert said.code == 1
    assert len(said.err.splitlines()) == 1
    assert cumulet("clock", "--json").json["real"] is True


def test_snapshots_are_saved_listed_and_deleted(either):
    assert "no snapshots" in either("snapshot", "list").out
    assert either("snapshot", "save", "one").code == 0
    again = either("snapshot", "save", "one")
    assert again.code == 1
    assert "delete it first" in again.err
    assert [s["name"] for s in either("snapshot", "list", "--json").json["snapshots"]] == ["one"]
    assert "one" in either("snapshot", "list").out
    assert either("snapshot", "delete", "one").code == 0
    assert either("snapshot", "delete", "one").code == 1
    assert either("snapshot", "load", "one").code == 1


def test_a_snapshot_is_loaded_into_a_cloud_that_is_down(cumulet):
    facts = cumulet.up()
    s3(facts).create_bucket(Bucket="then")
    assert cumulet("snapshot", "save", "one").code == 0
    s3(facts).create_bucket(Bucket="later")
    assert cumulet("down").code == 0
    assert cumulet("snapshot", "load", "one").code == 0
    assert [b["Name"] for b in s3(cumulet.up()).list_buckets()["Buckets"]] == ["then"]


def test_a_fork_is_a_second_cloud(cumulet, tmp_path):
    facts = cumulet.up()
    s3(facts).create_bucket(Bucket="then")
    cumulet("snapshot", "save", "one")
    fork = cumulet("snapshot", "fork", "one", str(tmp_path / "fork"), "--json").json
    s3(fork).create_bucket(Bucket="in-the-fork")
    assert [b["Name"] for b in s3(facts).list_buckets()["Buckets"]] == ["then"]
    assert cumulet("snapshot", "fork", "one", str(tmp_path / "fork")).code == 1
    assert cumulet("snapshot", "fork", "one", str(tmp_path / "third"), "--no-start").code == 0
    assert (tmp_path / "third" / "store.db").exists()


def test_a_reset_forgets_with_the_cloud_up_or_down(cumulet):
    s3(cumulet.up()).create_bucket(Bucket="one")
    assert cumulet("reset").out == "Forgot everything.\n"
    facts = cumulet.up("--data-dir", str(cumulet.home.with_name("other")))
    s3(facts).create_bucket(Bucket="two")
    other = ("--data-dir", str(cumulet.home.with_name("other")))
    assert cumulet("down", *other).code == 0
    assert cumulet("reset", "--service", "s3", *other).code == 0
    assert s3(cumulet.up(*other)).list_buckets()["Buckets"] == []


def test_a_reset_of_what_is_not_there_fails(either):
    said = either("reset", "--service", "nonsense")
    assert said.code == 1
    assert "no service nonsense" in said.err


def test_coverage_is_printed_for_people_and_for_scripts(cumulet):
    assert "PutObject" in cumulet("coverage", "s3").out
    assert cumulet("coverage", "s3", "--json").json["operations"]["PutObject"] == "real"
    facts = cumulet("coverage", "--json").json
    assert facts["totals"]["real"] > 0
    assert "all of these" in cumulet("coverage").out
    said = cumulet("coverage", "nonsense")
    assert said.code == 1
    assert "nonsense" in said.err


def test_the_doctor_finds_a_free_port_and_a_taken_one(cumulet):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = cumulet("doctor", "--port", str(port), "--json")
        found = {check["what"]: check for check in said.json}
        assert said.code == 1
        assert found["port"]["state"] == "fail"
        assert "--port" in found["port"]["mend"]
    said = cumulet("doctor", "--port", str(port))
    assert said.code == 0
    assert "free" in said.out


def test_the_doctor_knows_the_models(tmp_path):
    assert checks.botocore().state == "ok"
    assert checks.data_directory(tmp_path / "new" / "er").state == "ok"
    (tmp_path / "file").write_text("")
    assert checks.data_directory(tmp_path / "file").state == "fail"
    assert all(check.mend for check in checks.checks(tmp_path, "127.0.0.1", 1) if check.state != "ok")
