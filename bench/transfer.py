"""One large transfer by boto3, or by a bare socket, timed in a process of its own: `run` starts it."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import time
import zlib
from hashlib import md5, sha256
from pathlib import Path

from boto3.s3.transfer import TransferConfig

from bench import servers
from bench.servers import Keys, Server
from bench.signing import Signer
from bench.work import Refused

PART = 8 * 2**20
_BLOCK = 2**20


def run(server: Server, what: str, file: Path, bucket: str, key: str) -> float:
    """Seconds that one transfer took. Raises Refused when what arrived is not what was sent."""
    job = {
        "url": server.url,
        "keys": [server.keys.access, server.keys.secret],
        "what": what,
        "file": str(file),
        "bucket": bucket,
        "key": key,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.transfer", json.dumps(job)],
        capture_output=True,
        text=True,
        cwd=servers.ROOT,
        check=False,
        timeout=3600,
    )
    if done.returncode:
        raise Refused(f"{what}: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    return float(done.stdout)


def hash_and_copy(source: Path, target: Path) -> float:
    """Seconds to read a file, hash it as S3 must (MD5, SHA-256, CRC32), and write it beside it.

    Without fsync: Cumulet runs with its default durability, `process`, which does not wait for the disk either."""
    began = time.perf_counter()
    hashes, crc = (md5(), sha256()), 0
    with source.open("rb") as file, target.open("wb") as copy:
        while block := file.read(_BLOCK):
            for one in hashes:
                one.update(block)
            crc = zlib.crc32(block, crc)
            copy.write(block)
    return time.perf_counter() - began


def put(client, job: dict, file: Path) -> None:
    with file.open("rb") as body:
        answer = client.put_object(Bucket=job["bucket"], Key=job["key"], Body=body)
    assert answer["ETag"] == f'"{_digest(file).hexdigest()}"', "the ETag is not the MD5 of the body"


def multipart(client, job: dict, file: Path) -> None:
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=4)
    client.upload_file(str(file), job["bucket"], job["key"], Config=config)


def get(client, job: dict, file: Path) -> None:
    """With the transfer manager's own defaults, into a file on the same disk."""
    client.download_file(job["bucket"], job["key"], str(file.with_suffix(".got")))


def check_multipart(client, job: dict, file: Path) -> None:
    head = client.head_object(Bucket=job["bucket"], Key=job["key"])
    parts = -(-file.stat().st_size // PART)
    assert head["ContentLength"] == file.stat().st_size, "the object has another size"
    assert head["ETag"].endswith(f'-{parts}"'), f"the ETag {head['ETag']} does not speak of {parts} parts"


def check_got(client, job: dict, file: Path) -> None:
    got = file.with_suffix(".got")
    same = _digest(got).digest() == _digest(file).digest()
    got.unlink()
    assert same, "the file that came back is not the one that was put"


def socket_put(job: dict, file: Path, keys: Keys) -> float:
    """A PUT whose hashes were computed before, so that only the server's work is timed."""
    crc, whole = 0, sha256()
    with file.open("rb") as body:
        while block := body.read(_BLOCK):
            crc = zlib.crc32(block, crc)
            whole.update(block)
    headers = {
        "x-amz-checksum-crc32": base64.b64encode(crc.to_bytes(4, "big")).decode(),
        "x-amz-sdk-checksum-algorithm": "CRC32",
    }
    signer = Signer(job["url"], "s3", keys)
    path = f"/{job['bucket']}/{job['key']}"
    head = signer.head("PUT", path, headers, whole.hexdigest(), file.stat().st_size)
    host, _, port = signer.host.partition(":")
    began = time.perf_counter()
    with socket.create_connection((host, int(port))) as connection, file.open("rb") as body:
        connection.sendall(head)
        connection.sendfile(body)
        answer = connection.recv(4096)
        seconds = time.perf_counter() - began
    assert answer.startswith(b"HTTP/1.1 200"), f"the server answered {answer[:200]!r}"
    assert _digest(file).hexdigest().encode() in answer, "the ETag is not the MD5 of the body"
    return seconds


def _digest(file: Path):
    with file.open("rb") as body:
        digest = md5()
        while block := body.read(_BLOCK):
            digest.update(block)
    return digest


_BOTO3 = {"put": (put, None), "multipart": (multipart, check_multipart), "get": (get, check_got)}


def _perform(job: dict) -> float:
    keys, file = Keys(*job["keys"]), Path(job["file"])
    if job["what"] == "socket put":
        return socket_put(job, file, keys)
    client = servers.client(job["url"], keys, "s3")
    transfer, check = _BOTO3[job["what"]]
    client.head_bucket(Bucket=job["bucket"])  # loads the client's code before the clock starts
    began = time.perf_counter()
    transfer(client, job, file)
    seconds = time.perf_counter() - began
    if check:
        check(client, job, file)
    return seconds


if __name__ == "__main__":
    servers.pin(1)
    print(_perform(json.loads(sys.argv[1])))
