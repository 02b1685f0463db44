"""Starting, stopping, finding: `up`, `down`, `status`, `logs`, `env`, `run`."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys

import boto3
import pytest

from cumulet.cli import pidfile


def sqs(facts):
    e = facts["environment"]
    return boto3.client(
        "sqs",
        endpoint_url=e["AWS_ENDPOINT_URL"],
        region_name=e["AWS_REGION"],
        aws_access_key_id=e["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=e["AWS_SECRET_ACCESS_KEY"],
    )


def s3(facts):
    return boto3.client(
        "s3", endpoint_url=facts["url"], region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def test_without_arguments_it_says_how_to_begin(cumulet):
    said = cumulet()
    assert said.code == 0
    assert "cumulet up" in said.out
    assert len(said.out.splitlines()) < 15


def test_every_command_explains_itself(cumulet):
    listed = cumulet("--help").out
    for command in (
        "up",
        "down",
        "status",
        "logs",
        "run",
        "env",
        "reset",
        "clock",
        "snapshot",
        "key",
        "coverage",
        "doctor",
    ):
        assert f"  {command} " in listed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly(cumulet, foreground, number):
    process = foreground()
    assert cumulet("status").code == 0
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert not (cumulet.home / "cumulet.pid").exists()
    assert cumulet("status").code == 3


def test_a_cloud_in_the_background_is_found_and_stopped(cumulet):
    facts = cumulet.up()
    status = cumulet("status", "--json").json
    assert (status["pid"], status["url"]) == (facts["pid"], facts["url"])
    assert "Ready." not in cumulet("logs").out
    down = cumulet("down", "--json")
    assert down.json == {"status": "stopped", "pid": facts["pid"]}
    said = cumulet("status", "--json")
    assert (said.code, said.json["status"]) == (3, "stopped")


def test_what_was_acknowledged_survives_a_sudden_end_and_the_next_start(cumulet):
    facts = cumulet.up()
    s3(facts).create_bucket(Bucket="kept")
    s3(facts).put_object(Bucket="kept", Key="large", Body=b"x" * 100_000)
    os.kill(facts["pid"], signal.SIGKILL)
    facts = cumulet.up()
    assert s3(facts).get_object(Bucket="kept", Key="large")["ContentLength"] == 100_000


def test_an_ephemeral_cloud_keeps_nothing_but_can_be_looked_after(cumulet):
    facts = cumulet.up("--ephemeral")
    s3(facts).create_bucket(Bucket="gone")
    assert cumulet("status", "--json").json["data_dir"] is None
    assert cumulet("reset").code == 0
    assert s3(facts).list_buckets()["Buckets"] == []
    assert cumulet("down").code == 0
    assert not (cumulet.home / "store.db").exists()


def test_the_pid_file_and_the_log_are_their_owners_alone(cumulet):
    cumulet.up()
    for name in ("cumulet.pid", "cumulet.log"):
        assert stat.S_IMODE((cumulet.home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(cumulet.home.stat().st_mode) == 0o700


def test_a_pid_file_left_behind_is_no_running_cloud(cumulet):
    facts = cumulet.up()
    os.kill(facts["pid"], signal.SIGKILL)
    assert (cumulet.home / "cumulet.pid").exists()
    assert cumulet("status").code == 3
    assert cumulet("down").code == 3
    assert cumulet("clock").code == 0
    assert cumulet.up()["status"] == "ready"


def test_down_ends_no_stranger_who_has_the_old_process_id(cumulet):
    cumulet.home.mkdir()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (cumulet.home / "cumulet.pid").write_text(f"{stranger.pid}\nhttp://127.0.0.1:1\ntoken\n")
        assert cumulet("down").code == 3
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_down_ends_a_cloud_that_no_longer_answers(cumulet):
    facts = cumulet.up()
    text = (cumulet.home / "cumulet.pid").read_text()
    (cumulet.home / "cumulet.pid").write_text(text.replace(facts["url"], "http://127.0.0.1:1"))
    said = cumulet("status")
    assert said.code == 1
    assert "does not answer" in said.err and "cumulet logs" in said.err
    assert cumulet("down").code == 0
    assert cumulet("status").code == 3


def test_commands_that_need_a_cloud_say_how_to_start_one(cumulet):
    for command in (("down",), ("env",), ("run", "--", "true")):
        said = cumulet(*command)
        assert said.code == 3
        assert "cumulet up" in said.err


def test_env_is_for_the_shell_that_reads_it(cumulet):
    facts = cumulet.up()
    assert f"export AWS_ENDPOINT_URL={facts['url']}\n" in cumulet("env", SHELL="/bin/bash").out
    assert f"set -gx AWS_ENDPOINT_URL {facts['url']};\n" in cumulet("env", SHELL="/usr/bin/fish").out
    assert f"$Env:AWS_ENDPOINT_URL = '{facts['url']}'\n" in cumulet("env", "--shell", "powershell").out
    assert cumulet("env", "--account", "111122223333", "--json").json["AWS_ACCESS_KEY_ID"] == "111122223333"
    evaluated = subprocess.run(["sh", "-c", cumulet("env").out + "echo $AWS_REGION"], capture_output=True, text=True)
    assert evaluated.stdout == "us-east-1\n"


def test_run_gives_a_command_its_environment_and_passes_its_exit_code_on(cumulet):
    facts = cumulet.up()
    said = cumulet("run", "--", "sh", "-c", "echo $AWS_ENDPOINT_URL; exit 7", AWS_PROFILE="work")
    assert (said.code, said.out) == (7, facts["url"] + "\n")
    assert cumulet("run", "--account", "111122223333", "sh", "-c", "echo $AWS_ACCESS_KEY_ID").out == "111122223333\n"
    assert cumulet("run", "--", "no-such-command").code == 127


def test_a_root_key_works_at_once_and_its_secret_is_told_once(cumulet):
    facts = cumulet.up()
    made = cumulet("key", "create", "--account", "111122223333", "--json").json
    e = facts["environment"] | {"AWS_ACCESS_KEY_ID": made["id"], "AWS_SECRET_ACCESS_KEY": made["secret"]}
    assert "/111122223333/" in sqs({"environment": e}).create_queue(QueueName="q")["QueueUrl"]
    assert made["secret"] not in cumulet("key", "list").out
    assert made["id"] in cumulet("key", "list").out
    assert cumulet("key", "delete", made["id"]).code == 0
    assert made["id"] not in cumulet("key", "list").out


def test_localstacks_variables_are_understood(cumulet):
    said = cumulet("up", "-d", "--json", GATEWAY_LISTEN="127.0.0.1:0", PERSISTENCE="0", SERVICES="s3,sqs")
    assert said.code == 0
    assert said.json["data_dir"] is None
    assert "SERVICES" in said.err


def test_two_clouds_live_side_by_side(cumulet, tmp_path):
    one, two = cumulet.up(), cumulet.up("--data-dir", str(tmp_path / "other"))
    s3(one).create_bucket(Bucket="only-in-one")
    assert s3(two).list_buckets()["Buckets"] == []
    assert cumulet("down", "--data-dir", str(tmp_path / "other"), "--json").json["pid"] == two["pid"]
    assert pidfile.find(cumulet.home).pid == one["pid"]


def test_a_start_imports_no_service_and_nothing_that_is_slow():
    listing = "import sys, cumulet.cli.foreground; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True).stdout.split()
    assert not {"botocore", "boto3", "rich", "pytest", "cumulet.startup"} & set(loaded)
    assert not [name for name in loaded if name.startswith("cumulet.services.")]
