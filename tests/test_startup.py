"""Scripts at start and end, laid out as LocalStack has them."""

from __future__ import annotations

import time

import pytest

from cumulet.testing import LocalCloud
from tests.admin_client import call


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "init"


def script(folder, place, text, *, executable=True):
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755 if executable else 0o644)


def started(tmp_path, folder):
    return LocalCloud(tmp_path / "cloud", scripts=(tmp_path / "absent", folder))


def states(cloud, stage):
    """The states of a stage's scripts once it is completed."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        _, answer = call(cloud.url, "GET", f"/_localstack/init/{stage}")
        if answer["completed"]:
            return {s["name"]: s["state"] for s in answer["scripts"]}
        time.sleep(0.02)
    raise AssertionError(f"{stage} is not completed")


def test_scripts_run_in_order_in_their_stages(tmp_path, folder):
    trace = tmp_path / "trace"
    for stage in ("boot", "start", "ready", "shutdown"):
        script(folder, f"{stage}.d/2.sh", f"#!/bin/sh\necho {stage} 2 >> {trace}\n")
        script(folder, f"{stage}.d/1.py", f"open({str(trace)!r}, 'a').write('{stage} 1\\n')\n")
        script(folder, f"{stage}.d/0sub/0.sh", f"echo {stage} sub >> {trace}\n", executable=False)
        script(folder, f"{stage}.d/notes.txt", "not a script")
    with started(tmp_path, folder) as cloud:
        assert states(cloud, "ready") == {"1.py": "SUCCESSFUL", "2.sh": "SUCCESSFUL", "0.sh": "SUCCESSFUL"}
        assert call(cloud.url, "GET", "/_localstack/init")[1]["completed"]["SHUTDOWN"] is False
    expected = [f"{s} {n}" for s in ("boot", "start", "ready", "shutdown") for n in ("1", "2", "sub")]
    assert trace.read_text().splitlines() == expected


def test_a_script_is_a_client_of_the_cloud(tmp_path, folder):
    script(
        folder,
        "ready.d/bucket.py",
        "import boto3\nboto3.client('s3').create_bucket(Bucket='made-by-a-script')\n",
    )
    with started(tmp_path, folder) as cloud:
        assert states(cloud, "ready") == {"bucket.py": "SUCCESSFUL"}
        assert [b["Name"] for b in cloud.client("s3").list_buckets()["Buckets"]] == ["made-by-a-script"]


def test_a_script_that_fails_is_marked_and_the_next_one_runs(tmp_path, folder):
    script(folder, "ready.d/1.sh", "#!/bin/sh\nexit 3\n")
    script(folder, "ready.d/2.sh", "#!/no/such/shell\n")
    script(folder, "ready.d/3.py", "raise ValueError\n")
    script(folder, "ready.d/4.sh", "#!/bin/sh\ntrue\n")
    with started(tmp_path, folder) as cloud:
        assert states(cloud, "ready") == {"1.sh": "ERROR", "2.sh": "ERROR", "3.py": "ERROR", "4.sh": "SUCCESSFUL"}


def test_a_script_without_end_does_not_keep_the_cloud_from_serving_or_stopping(tmp_path, folder):
    script(folder, "ready.d/1.sh", "#!/bin/sh\nsleep 600\n")
    script(folder, "ready.d/2.sh", "#!/bin/sh\ntrue\n")
    with started(tmp_path, folder) as cloud:
        _, answer = call(cloud.url, "GET", "/_localstack/init/ready")
        assert answer["completed"] is False
        assert answer["scripts"][1]["state"] == "UNKNOWN"
        begin = time.monotonic()
    assert time.monotonic() - begin < 10
