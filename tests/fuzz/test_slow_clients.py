"""Clients that hold a connection and do not use it are cut off; those that are merely slow are not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from cumulet.gateway.server import Patience, Server

PATIENCE = Patience(head=0.4, body=0.4, answer=0.4, look=0.05)
_CUT_OFF_SECONDS = 5
BIG = b"z" * 30_000_000


@pytest.fixture
def impatient(own_cloud) -> Iterator[tuple[str, int]]:
    """The address of a second server of the same cloud, one that waits for nobody for long."""
    server = Server(own_cloud.cloud._door, "127.0.0.1", 0, PATIENCE)
    own_cloud.run(server.start())
    client = own_cloud.client("s3")
    client.create_bucket(Bucket="open", ObjectOwnership="ObjectWriter")
    client.delete_public_access_block(Bucket="open")
    client.put_bucket_acl(Bucket="open", ACL="public-read-write")
    client.put_object(Bucket="open", Key="small", Body=b"small", ACL="public-read")
    at = urlsplit(server.url)
    yield at.hostname, at.port
    own_cloud.run(server.stop())


@pytest.fixture
def connection(impatient) -> Iterator[socket.socket]:
    with socket.create_connection(impatient, timeout=_CUT_OFF_SECONDS) as connection:
        yield connection


def is_cut_off(connection: socket.socket) -> bool:
    try:
        while connection.recv(1000):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def drip(connection: socket.socket, data: bytes, seconds: float = 0.02) -> bool:
    """Send byte after byte; whether that came to an end because nobody listened any more."""
    try:
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])
            time.sleep(seconds)
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


PUT = b"PUT /open/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"


@pytest.mark.parametrize("beginning", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\n", PUT % 100, PUT % 100 + b"x" * 50])
def test_who_falls_silent_is_cut_off(connection, beginning):
    connection.sendall(beginning)
    assert is_cut_off(connection)


def test_a_head_that_comes_byte_by_byte_is_cut_off(connection):
    assert drip(connection, b"GET / HTTP/1.1\r\nX: " + b"y" * 500)


def test_a_body_that_comes_byte_by_byte_is_cut_off(connection):
    connection.sendall(PUT % 500)
    assert drip(connection, b"x" * 500)


def test_a_connection_is_not_kept_open_by_empty_lines(connection):
    connection.sendall(b"GET /open/small HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.recv(10_000).startswith(b"HTTP/1.1 200 ")
    connection.sendall(b"\r\n")
    assert is_cut_off(connection)


def test_who_does_not_read_the_answer_is_cut_off(own_cloud, connection):
    own_cloud.client("s3").put_object(Bucket="open", Key="big", Body=BIG, ACL="public-read")
    connection.sendall(b"GET /open/big HTTP/1.1\r\nHost: localhost\r\n\r\n")
    time.sleep(4 * PATIENCE.answer)
    received = 0
    try:
        while piece := connection.recv(1_000_000):
            received += len(piece)
    except ConnectionResetError:
        pass
    assert received < len(BIG)


def test_a_slow_but_steady_client_is_served(connection):
    connection.sendall(PUT % (1500 * 10))
    for _ in range(10):
        time.sleep(PATIENCE.body / 4)
        connection.sendall(b"x" * 1500)
    assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    time.sleep(3 * PATIENCE.head)  # a connection between two requests may rest
    connection.sendall(b"HEAD /open/small HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
