"""What can go wrong at the start: one line says what, one what mends it, and nothing is lost."""

from __future__ import annotations

import os
import socket
import subprocess

import boto3
import pytest

from cumulet.cli import failures
from cumulet.cli.environment import Wishes, from_localstack


def test_a_port_in_use_names_the_ways_out(cumulet):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = cumulet("up", "--port", str(port))
        detached = cumulet("up", "-d", "--port", str(port))
    for failed in (said, detached):
        assert failed.code == 1
        assert f"port {port} is in use" in failed.err
        assert "cumulet down" in failed.err and "--port 0" in failed.err
        assert "Traceback" not in failed.err
    assert cumulet.up()["status"] == "ready"


def test_one_directory_has_one_cloud(cumulet):
    facts = cumulet.up()
    said = cumulet("up", "--port", "0")
    assert said.code == 1
    assert f"process {facts['pid']}" in said.err and "cumulet down" in said.err
    assert cumulet("status").code == 0


def test_a_file_is_no_data_directory(cumulet):
    cumulet.home.write_text("precious")
    said = cumulet("up", "--port", "0")
    assert said.code == 1
    assert "is not a directory" in said.err and "--data-dir" in said.err
    assert cumulet.home.read_text() == "precious"
    assert cumulet("up", "-d", "--port", "0").code == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_of_somebody_else_names_the_command_that_mends_it(cumulet):
    cumulet.home.mkdir(mode=0o500)
    said = cumulet("up", "--port", "0")
    assert said.code == 1
    assert "chown" in said.err


def test_the_words_for_a_directory_of_somebody_else(tmp_path):
    failure = failures.of_data_directory(PermissionError(13, "Permission denied"), tmp_path)
    assert "Permission denied" in failure.message
    assert "chown" in failure.mend


def test_a_damaged_store_is_named_and_left_alone(cumulet):
    cumulet.home.mkdir()
    damaged = b"this is not a database, and long enough to be read as one" * 40
    (cumulet.home / "store.db").write_bytes(damaged)
    said = cumulet("up", "--port", "0")
    assert said.code == 1
    assert "store.db is damaged" in said.err and "snapshot" in said.err
    assert (cumulet.home / "store.db").read_bytes() == damaged


def test_an_address_of_another_machine_is_refused(cumulet):
    said = cumulet("up", "--port", "0", "--listen", "192.0.2.1")
    assert said.code == 1
    assert "no address 192.0.2.1" in said.err


def test_usage_errors_have_their_own_exit_code(cumulet):
    assert cumulet("up", "--port", "99999").code == 2
    assert cumulet("clock", "advance").code == 2
    assert cumulet("nonsense").code == 2


@pytest.fixture
def small_disk(cumulet):
    """The data directory on a disk of 2 MiB."""
    cumulet.home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(cumulet.home)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk takes root")
    yield cumulet.home
    cumulet.end_all()
    subprocess.run(["umount", "-l", str(cumulet.home)], check=True)


def test_a_start_on_a_full_disk_says_so(cumulet, small_disk):
    _fill(small_disk)
    said = cumulet("up", "--port", "0")
    assert said.code == 1
    assert "is full" in said.err and "--data-dir" in said.err
    assert "Traceback" not in said.err


def test_a_disk_that_fills_up_costs_nothing_that_was_acknowledged(cumulet, small_disk):
    facts = cumulet.up()
    s3 = _s3(facts)
    s3.create_bucket(Bucket="bucket")
    acknowledged = []
    for number in range(200):
        try:
            s3.put_object(Bucket="bucket", Key=f"{number:03}", Body=b"x" * 100_000)
            acknowledged.append(f"{number:03}")
        except s3.exceptions.ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
            break
    else:
        raise AssertionError("the disk did not fill up")
    assert s3.get_object(Bucket="bucket", Key=acknowledged[0])["ContentLength"] == 100_000
    cumulet("down")
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    listed = _s3(cumulet.up()).list_objects_v2(Bucket="bucket")
    assert [o["Key"] for o in listed["Contents"]] == acknowledged


def test_a_snapshot_that_does_not_fit_leaves_everything_as_it_was(cumulet, small_disk):
    facts = cumulet.up()
    s3 = _s3(facts)
    s3.create_bucket(Bucket="bucket")
    for number in range(40):
        s3.put_object(Bucket="bucket", Key=f"{number:03}", Body=b"x" * 12_000)
    said = [cumulet("snapshot", "save", f"s{number}") for number in range(3)]
    saved = [done.code for done in said].count(0)
    assert saved < 3
    assert "full" in said[-1].err or "No space" in said[-1].err
    assert "Traceback" not in said[-1].err
    assert len(cumulet("snapshot", "list", "--json").json["snapshots"]) == saved
    assert [p.name for p in (small_disk / "snapshots").iterdir() if p.name.startswith(".")] == []
    assert s3.get_object(Bucket="bucket", Key="039")["ContentLength"] == 12_000


def _fill(folder):
    with (folder / "ballast").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return


def _s3(facts):
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=facts["url"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 0}),
    )


LOCALSTACK = [
    ({}, Wishes("127.0.0.1", 4566)),
    ({"GATEWAY_LISTEN": "127.0.0.1:4510"}, Wishes("127.0.0.1", 4510)),
    ({"GATEWAY_LISTEN": "0.0.0.0:4566,0.0.0.0:443"}, Wishes("0.0.0.0", 4566)),
    ({"GATEWAY_LISTEN": ":4510"}, Wishes("127.0.0.1", 4510)),
    ({"GATEWAY_LISTEN": "127.0.0.2"}, Wishes("127.0.0.2", 4566)),
    ({"GATEWAY_LISTEN": "[::1]:4510"}, Wishes("::1", 4510)),
    ({"GATEWAY_LISTEN": "127.0.0.1:nonsense"}, Wishes("127.0.0.1", 4566)),
    ({"EDGE_PORT": "4567"}, Wishes("127.0.0.1", 4567)),
    ({"PERSISTENCE": "0"}, Wishes("127.0.0.1", 4566, ephemeral=True)),
    ({"PERSISTENCE": "1"}, Wishes("127.0.0.1", 4566)),
    ({"LOCALSTACK_HOST": "aws.test:4566"}, Wishes("127.0.0.1", 4566, domains=("aws.test",))),
    ({"DEBUG": "1"}, Wishes("127.0.0.1", 4566, verbose=True)),
    ({"EXTRA_CORS_ALLOWED_ORIGINS": "http://a.test, http://b.test"},
     Wishes("127.0.0.1", 4566, origins=("http://a.test", "http://b.test"))),
    ({"DISABLE_CORS_CHECKS": "1"}, Wishes("127.0.0.1", 4566, origins=("*",))),
]  # fmt: skip


@pytest.mark.parametrize(("variables", "wishes"), LOCALSTACK, ids=lambda value: str(value)[:40])
def test_what_localstacks_variables_mean_here(variables, wishes):
    assert from_localstack(Wishes(), variables)[0] == wishes


def test_options_win_over_localstacks_variables():
    asked = Wishes("127.0.0.9", 5)
    assert from_localstack(asked, {"GATEWAY_LISTEN": "0.0.0.0:4566"})[0] == asked
