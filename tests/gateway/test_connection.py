"""HTTP as it is spoken on a connection: one request after the other, bodies of every kind, and clients that err."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cumulet.gateway.server import Patience, Server

PATIENCE = Patience(idle=0.3, look=0.05)


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers with the method, the target and the body that it was sent; some paths make it behave otherwise."""
    path, said = scope["raw_path"], b""
    if path != b"/unread":
        while (message := await receive())["type"] == "http.request":
            said += message["body"]
            if not message["more_body"]:
                break
    if path == b"/bug":
        raise LookupError("on purpose")
    told = b" ".join((scope["method"].encode(), path, scope["query_string"], said))
    length = [(b"content-length", b"%d" % (len(told) + (path == b"/short")))]
    headers = [] if path == b"/stream" else length
    if path == b"/injected":
        headers.append((b"x-a", b"1\r\nx-b: 2"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for piece in (told[:3], told[3:]) if path == b"/stream" else ():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if path == b"/stream" else told})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server(echo, "127.0.0.1", 0, PATIENCE)
    await server.start()
    yield server
    await server.stop()


async def exchange(server: Server, *sent: bytes) -> bytes:
    """All that is answered until the server closes, which it does when nothing is asked any more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    for piece in sent:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.02)
    answered = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answered


async def test_requests_on_one_connection_are_answered_in_their_order(server):
    ask = b"POST /%d?q=%d HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n%d"
    together = b"".join(ask % (n, n, n) for n in range(5))
    answered = await exchange(server, together, ask % (5, 5, 5))
    assert [answered.count(b"POST /%d q=%d %d" % (n, n, n)) for n in range(6)] == [1] * 6
    found = [answered.index(b"POST /%d" % n) for n in range(6)]
    assert found == sorted(found)
    assert b"connection: close" not in answered


async def test_a_body_may_come_in_chunks_and_in_pieces(server):
    head = b"PUT /a HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    answered = await exchange(server, head, b"3\r\nabc\r\n2\r", b"\nde\r\n0\r\nx-trailer: 1\r\n\r\n")
    assert answered.endswith(b"PUT /a  abcde")


async def test_an_answer_without_a_length_is_sent_in_chunks(server):
    answered = await exchange(server, b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n")
    assert b"transfer-encoding: chunked\r\n" in answered
    assert answered.endswith(b"\r\n\r\n3\r\nGET\r\na\r\n /stream  \r\n0\r\n\r\n")


async def test_an_answer_to_head_has_no_body(server):
    answered = await exchange(server, b"HEAD /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert b"content-length: 9\r\n" in answered
    assert answered.endswith(b"connection: close\r\n\r\n")


async def test_who_waits_to_send_a_body_is_told_to_go_on(server):
    head = b"PUT /a HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    answered = await exchange(server, head, b"ab")
    assert answered.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert answered.endswith(b"PUT /a  ab")


async def test_who_waits_in_vain_cannot_go_on_after_the_answer(server):
    head = b"PUT /unread HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    answered = await exchange(server, head)
    assert answered.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in answered


async def test_a_body_that_nobody_reads_is_no_next_request(server):
    unread = b"PUT /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n\r\n" + b"GET /x HTTP/1.1\r\n\r\n" * 10
    answered = await exchange(server, unread, b"y" * (200_000 - 190), b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n")
    assert answered.count(b"HTTP/1.1 200 OK") == 2
    assert answered.endswith(b"GET /a  ")


async def test_a_wish_for_another_protocol_is_passed_over(server):
    wish = b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
    answered = await exchange(server, b"GET /a HTTP/1.1\r\nhost: x\r\n" + wish + b"\r\n")
    assert answered.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("target", [b"http://x/a?b", b"/a?b"])
async def test_a_target_may_name_the_host(server, target):
    answered = await exchange(server, b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n" % target)
    assert answered.endswith(b"GET /a b ")


@pytest.mark.parametrize(
    "nonsense",
    [
        b"nonsense\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"PUT / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_no_request_is_refused_and_ends_the_connection(server, nonsense):
    answered = await exchange(server, nonsense)
    assert answered.startswith(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n")


async def test_a_head_without_end_is_refused(server):
    lines = b"x: %b\r\n" % (b"y" * 1000)
    answered = await exchange(server, b"GET / HTTP/1.1\r\n", *[lines * 30] * 4)
    assert answered.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("path", [b"/bug", b"/injected"])
async def test_a_bug_is_an_answer_and_the_end_of_the_connection(server, path):
    answered = await exchange(server, b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n" % path)
    assert answered.startswith(b"HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\n")
    assert b"x-b" not in answered


async def test_an_answer_that_is_too_short_ends_the_connection(server):
    answered = await exchange(server, b"GET /short HTTP/1.1\r\nhost: x\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 500 ")


async def test_the_old_version_gets_one_answer(server):
    answered = await exchange(server, b"GET /a HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
    assert b"connection: close\r\n" in answered


async def test_a_server_that_stops_answers_what_is_under_way():
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: dict[str, Any], receive: Any, send: Any) -> None:
        asked.set()
        await go_on.wait()
        await echo(scope, receive, send)

    server = Server(slow, "127.0.0.1", 0)
    await server.start()
    answer = asyncio.create_task(exchange(server, b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n"))
    await asked.wait()
    stopping = asyncio.create_task(server.stop())
    await asyncio.sleep(0.05)
    go_on.set()
    assert (await answer).endswith(b"GET /a  ")
    await stopping
