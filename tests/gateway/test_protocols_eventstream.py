"""Event streams: frames byte by byte, what botocore reads of ours, what we read of clients, and hostile frames."""

import asyncio
import contextlib
import struct
from datetime import UTC, datetime
from uuid import UUID
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from cumulet.gateway import protocols
from cumulet.gateway.http import Request
from cumulet.gateway.protocols import eventstream
from cumulet.kernel import models
from tests.gateway.wire import RawStream, response_of

HEADERS = {
    "yes": True,
    "no": False,
    "int": -7,
    "long": 2**40,
    "bytes": b"\x00\xff",
    "text": "é",
    "when": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
    "uuid": UUID(int=7),
}


async def _list(stream):
    return [item async for item in stream]


def collect(stream):
    return asyncio.run(_list(stream))


async def in_chunks(content, size):
    for at in range(0, len(content), size):
        yield content[at : at + size]


def test_a_frame_is_what_botocore_reads():
    buffer = EventStreamBuffer()
    buffer.add_data(eventstream.encode({":event-type": "X", "n": 5, "b": True}, b"payload"))
    (message,) = list(buffer)
    assert message.headers == {":event-type": "X", "n": 5, "b": True}
    assert message.payload == b"payload"


def test_every_type_of_header_comes_back():
    assert eventstream.decode(eventstream.encode(HEADERS, b"p")) == (HEADERS, b"p")


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_frames_are_found_however_the_bytes_arrive(size):
    content = eventstream.encode({"a": "1"}, b"one") + eventstream.encode({"a": "2"}, b"two")
    frames = collect(eventstream.frames_of(in_chunks(content, size)))
    assert [frame.payload for frame in frames] == [b"one", b"two"]


def test_signed_frames_are_unwrapped_and_the_empty_one_ends():
    signature = {":chunk-signature": b"x" * 32}
    content = eventstream.encode(signature, eventstream.encode({"a": "1"}, b"one")) + eventstream.encode(signature, b"")
    assert [frame.payload for frame in collect(eventstream.frames_of(content))] == [b"one"]


@pytest.mark.parametrize("at", range(len(eventstream.encode({"a": "b"}, b"cd"))))
def test_a_flipped_bit_is_noticed(at):
    frame = bytearray(eventstream.encode({"a": "b"}, b"cd"))
    frame[at] ^= 1
    with pytest.raises(ValueError):
        collect(eventstream.frames_of(bytes(frame)))


@pytest.mark.parametrize(("total", "headers"), [(2**32 - 1, 0), (16, 2**31), (12, 0), (20, 10), (2**24 * 2, 16)])
def test_lengths_that_do_not_fit_are_refused_before_anything_is_kept(total, headers):
    prelude = struct.pack("!II", total, headers)
    with pytest.raises(ValueError):
        eventstream.measure(prelude + struct.pack("!I", crc32(prelude)))


def test_a_stream_that_ends_within_a_frame():
    with pytest.raises(ValueError, match="ends within"):
        collect(eventstream.frames_of(eventstream.encode({}, b"abc")[:-1]))


@given(st.binary(max_size=64))
def test_no_bytes_are_more_than_an_error(content):
    prelude = struct.pack("!II", len(content) + 16, len(content))
    frame = prelude + struct.pack("!I", crc32(prelude)) + content
    frame += struct.pack("!I", crc32(frame))
    with contextlib.suppress(ValueError):
        eventstream.decode(frame)


def answer_of(service, operation, output):
    model = models.load(service)
    answer = protocols.codec(model, operation, model.protocols[0]).serialise(output, "r")
    return answer, RawStream(b"".join(collect(answer.body)))


def test_rpc_services_first_say_what_is_not_the_stream():
    async def events():
        yield {"SubscribeToShardEvent": {"Records": [], "ContinuationSequenceNumber": "1", "MillisBehindLatest": 0}}

    answer, raw = answer_of("kinesis", "SubscribeToShard", {"EventStream": events()})
    assert ("Content-Type", eventstream.CONTENT_TYPE) in answer.headers
    received = list(response_of("kinesis", "SubscribeToShard", answer, raw)["EventStream"])
    assert received == [
        {"SubscribeToShardEvent": {"Records": [], "ContinuationSequenceNumber": "1", "MillisBehindLatest": 0}}
    ]


def test_s3_select_frames_its_records():
    events = [
        {"Records": {"Payload": b"a,b\n"}},
        {"Stats": {"Details": {"BytesScanned": 3, "BytesProcessed": 3, "BytesReturned": 3}}},
        {"End": {}},
    ]
    answer, raw = answer_of("s3", "SelectObjectContent", {"Payload": events})
    assert list(response_of("s3", "SelectObjectContent", answer, raw)["Payload"]) == events


def test_an_error_of_the_model_within_a_stream_is_an_error_for_the_client():
    from botocore.exceptions import EventStreamError

    answer, raw = answer_of(
        "kinesis", "SubscribeToShard", {"EventStream": [{"ResourceInUseException": {"message": "busy"}}]}
    )
    stream = response_of("kinesis", "SubscribeToShard", answer, raw)["EventStream"]
    with pytest.raises(EventStreamError, match="busy"):
        list(stream)


def test_any_other_error_within_a_stream_ends_it_with_its_code():
    from botocore.exceptions import EventStreamError

    class Refused(Exception):
        code = "AccessDeniedException"
        message = "No more."

    async def events():
        yield {"Records": {"Payload": b"a"}}
        raise Refused

    answer, raw = answer_of("s3", "SelectObjectContent", {"Payload": events()})
    stream = iter(response_of("s3", "SelectObjectContent", answer, raw)["Payload"])
    assert next(stream) == {"Records": {"Payload": b"a"}}
    with pytest.raises(EventStreamError, match="AccessDeniedException"):
        next(stream)


def test_events_of_a_client_are_read_as_they_come():
    text = {":event-type": "TextEvent", ":message-type": "event", ":content-type": "application/json"}
    close = {":event-type": "CloseStreamEvent", ":message-type": "event"}
    unknown = {":event-type": "FutureEvent", ":message-type": "event"}
    content = (
        eventstream.encode(text, b'{"Text": "hello"}')
        + eventstream.encode(unknown, b"{}")
        + eventstream.encode(close, b"")
    )
    request = Request("POST", "/v1/synthesisStream", "", {"x-amzn-voiceid": "Joanna"}, in_chunks(content, 5))
    params = protocols.codec(models.load("polly"), "StartSpeechSynthesisStream", "rest-json").parse(request, {})
    assert collect(params["ActionStream"]) == [{"TextEvent": {"Text": "hello"}}, {"CloseStreamEvent": {}}]
