"""Large bodies stream: what they cost in memory does not grow with them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from tests.s3.wire import send

SIZE = int(os.environ.get("CUMULET_LARGE_MIB", "256")) * 1024 * 1024
MOST_GROWTH = 64 * 1024 * 1024
_PIECE = bytes(range(256)) * 4096
_SERVER = """
import sys
from pathlib import Path
from cumulet.testing import LocalCloud
with LocalCloud(Path(sys.argv[1])) as cloud:
    print(cloud.url, flush=True)
    sys.stdin.read()
"""


class Served:
    """A cloud in a process of its own."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def memory(self) -> int:
        """The most bytes of memory it ever held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def stop(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc to see the memory of a process")
    server = Served(tmp_path / "cloud")
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def s3(served):
    client = boto3.client(
        "s3", endpoint_url=served.url, region_name="us-east-1", aws_access_key_id="123456789012",
        aws_secret_access_key="x", config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    client.create_bucket(Bucket="large")
    client.put_object(Bucket="large", Key="warm", Body=_PIECE)  # libraries are loaded by the first large body
    client.get_object(Bucket="large", Key="warm")["Body"].read()
    return client


class Pattern:
    """A file of SIZE bytes that nobody holds."""

    def __init__(self) -> None:
        self.left = SIZE
        self.digest = hashlib.md5()

    def read(self, size: int = -1) -> bytes:
        wanted = min(self.left, len(_PIECE) if size < 0 else size)
        self.left -= wanted
        data = (_PIECE * -(-wanted // len(_PIECE)))[:wanted]
        self.digest.update(data)
        return data


@pytest.mark.spec("storage:S3-13")
def test_one_large_put_and_get_cost_no_memory(served, s3):
    before = served.memory()
    body = Pattern()
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "large", "Key": "k"})

    answer = send("PUT", url, body, {"Content-Length": str(SIZE)})
    received = hashlib.md5()
    for piece in s3.get_object(Bucket="large", Key="k")["Body"].iter_chunks(len(_PIECE)):
        received.update(piece)

    assert answer.status == 200
    assert answer.headers["etag"] == f'"{body.digest.hexdigest()}"' == f'"{received.hexdigest()}"'
    assert served.memory() - before < MOST_GROWTH, served.memory() - before


@pytest.mark.spec("storage:S3-17", "storage:S3-20")
def test_a_large_upload_in_parts_and_its_copy_cost_no_memory(served, s3):
    before = served.memory()
    config = TransferConfig(multipart_chunksize=16 * 1024 * 1024, max_concurrency=2)
    body = Pattern()

    s3.upload_fileobj(body, "large", "k", Config=config)
    s3.copy({"Bucket": "large", "Key": "k"}, "large", "copy", Config=config)
    received = hashlib.md5()
    for piece in s3.get_object(Bucket="large", Key="copy")["Body"].iter_chunks(len(_PIECE)):
        received.update(piece)

    assert received.hexdigest() == body.digest.hexdigest()
    assert s3.head_object(Bucket="large", Key="k")["ContentLength"] == SIZE
    assert s3.head_object(Bucket="large", Key="copy")["ETag"].endswith(f'-{SIZE // (16 * 1024 * 1024)}"')
    assert served.memory() - before < MOST_GROWTH, served.memory() - before


@pytest.mark.spec("storage:S3-10", "storage:S3-19")
@pytest.mark.skipif(shutil.which("aws") is None, reason="needs the aws CLI")
def test_the_cli_copies_moves_and_syncs_large_files(served, s3, tmp_path):
    environment = {
        **os.environ, "AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": served.url,
    }  # fmt: skip

    def aws(*words: str) -> str:
        done = subprocess.run(
            ["aws", "s3", *words], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    folder = tmp_path / "files"
    folder.mkdir()
    content = _PIECE * 20
    (folder / "big").write_bytes(content)
    (folder / "small").write_bytes(b"small")

    aws("cp", str(folder / "big"), "s3://large/cp/big", "--no-progress")
    aws("mv", "s3://large/cp/big", "s3://large/mv/big", "--no-progress")
    aws("sync", str(folder), "s3://large/sync", "--no-progress")
    again = aws("sync", str(folder), "s3://large/sync", "--no-progress")
    aws("cp", "s3://large/mv/big", str(tmp_path / "back"), "--no-progress")
    url = aws("presign", "s3://large/sync/small").strip()

    assert again == ""  # nothing has changed
    assert (tmp_path / "back").read_bytes() == content
    assert s3.head_object(Bucket="large", Key="mv/big")["ETag"].endswith('-3"')
    assert send("GET", url).body == b"small"
    assert "PRE sync/" in aws("ls", "s3://large/") and " small" in aws("ls", "s3://large/sync/")
