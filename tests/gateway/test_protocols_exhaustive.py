"""Every operation of every service, both ways, in every protocol of the service that botocore speaks.

botocore writes a request and we read it; we write an answer and botocore reads it. Both times the values must
be the same."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from botocore.model import OperationModel, Shape
from botocore.parsers import create_parser

from cumulet.gateway import protocols as ours
from cumulet.kernel import models
from tests.gateway.samples import Samples
from tests.gateway.wire import (
    Headers,
    RawStream,
    operation_model,
    protocols,
    request_for,
    response_of,
    service_model,
)

ONE_ELEMENT = "the deprecated Event and the list Events are the same element"
KNOWN: dict[tuple[str, str, str], str] = {
    ("s3", "GetBucketNotification", "output"): ONE_ELEMENT,
    ("s3", "PutBucketNotification", "input"): ONE_ELEMENT,
}
"""What cannot be the same, by (service, operation, direction), with the reason."""

CHUNKS = 40


def _services(chunk: int) -> list[str]:
    return models.names()[chunk::CHUNKS]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_what_botocore_writes_is_read_and_what_is_written_botocore_reads(chunk: int) -> None:
    wrong: dict[tuple[str, str, str], str] = {}
    for service in _services(chunk):
        for protocol in protocols(service):
            for operation in models.load(service).operations:
                for direction, check in (("input", _input), ("output", _output)):
                    problem = _problem(check, service, operation, protocol)
                    if problem:
                        wrong[service, operation, direction] = f"{protocol}: {problem}"
        _forget()
    expected = {key for key in KNOWN if key[0] in _services(chunk)}
    assert {key: wrong[key] for key in wrong if key not in expected} == {}
    assert sorted(key for key in expected if key not in wrong) == [], "these are no longer wrong"


def _problem(check: Any, service: str, operation: str, protocol: str) -> str | None:
    try:
        sent, received = check(service, operation, protocol)
    except Exception as problem:
        return repr(problem)
    return None if sent == received else f"{sent!r}\n became {received!r}"


def _input(service: str, operation: str, protocol: str) -> tuple[Any, Any]:
    theirs = operation_model(service, operation)
    params: dict[str, Any] = {}
    if theirs.input_shape:
        params = Samples(f"{service}.{operation}", protocol).input(theirs.input_shape)
    request = request_for(service, operation, params, protocol)
    model = models.load(service)
    assert ours.detect(model, request) == protocol
    received = ours.codec(model, operation, protocol).parse(request)
    return params, _only(received, theirs.input_shape, params)


def _output(service: str, operation: str, protocol: str) -> tuple[Any, Any]:
    theirs = operation_model(service, operation)
    output: dict[str, Any] = {}
    if theirs.output_shape:
        output = Samples(f"{service}.{operation}", protocol).output(theirs.output_shape)
    response = ours.codec(models.load(service), operation, protocol).serialise(output, "request-1")
    content = asyncio.run(_whole(response.body))
    body: Any = content
    if theirs.has_event_stream_output:
        body = RawStream(content)
    elif theirs.has_streaming_output:
        body = memoryview(content)
    parsed = response_of(service, operation, response, body, protocol)
    if not theirs.has_event_stream_output or "ResponseMetadata" in parsed:
        metadata = parsed.pop("ResponseMetadata", {})
        assert metadata.get("RequestId") == "request-1" or theirs.output_shape is None
        assert metadata["HTTPStatusCode"] == response.status
    return output, _only(_read(parsed), theirs.output_shape, output)


def _read(value: Any) -> Any:
    """What the caller has when it has read all streams."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, dict):
        return {key: _read(item) for key, item in value.items()}
    return list(value) if hasattr(value, "_event_generator") else value


def _only(received: dict[str, Any], shape: Shape | None, sent: dict[str, Any]) -> dict[str, Any]:
    """Without what HTTP adds: headers that are there for other reasons, maps of no headers, and the events of
    a request, which botocore cannot send."""
    if shape is None:
        return received
    kept = {}
    for name, value in received.items():
        serialization = shape.members[name].serialization
        if name not in sent:
            if shape.members[name].serialization.get("eventstream"):
                continue
            added = serialization.get("name", "").lower() in ("content-length", "content-type")
            if added or (serialization.get("location") == "headers" and value == {}):
                continue
        if serialization.get("location") == "headers" and not serialization.get("name"):
            value = {key: text for key, text in value.items() if key in sent.get(name, {})}
        kept[name] = value
    return kept


async def _whole(body: bytes | AsyncIterator[bytes]) -> bytes:
    if isinstance(body, bytes):
        return body
    return b"".join([chunk async for chunk in body])


def _forget() -> None:
    """Drop the models: all of them at once would fill the memory of a small machine."""
    for cached in (models.load, ours.codec, service_model, *_compilers()):
        cached.cache_clear()


def _compilers() -> list[Any]:
    from cumulet.gateway.protocols import cbor, forms, jsonvalues, restjson, restxml, xml

    found: list[Any] = []
    for module in (cbor, forms, jsonvalues, restjson, restxml, xml):
        found += [item for item in vars(module).values() if isinstance(item, functools._lru_cache_wrapper)]
    return found


def test_all_services_are_tried() -> None:
    tried = [service for chunk in range(CHUNKS) for service in _services(chunk)]
    assert sorted(tried) == models.names()
    assert isinstance(operation_model("sqs", "SendMessage"), OperationModel)


@pytest.mark.parametrize("chunk", range(0, CHUNKS, 4))
def test_every_error_of_the_models_is_read_by_botocore(chunk: int) -> None:
    wrong = []
    for service in [name for part in range(chunk, chunk + 4) for name in _services(part)]:
        for protocol in protocols(service):
            wrong += [f"{service} {protocol} {problem}" for problem in _errors(service, protocol)]
        _forget()
    assert wrong == []


def _errors(service: str, protocol: str) -> list[str]:
    model = models.load(service)
    write = ours.error_writer(model, protocol)
    found = []
    for error in model.errors():
        shape = service_model(service).shape_for(error.name)
        members = {
            name: value
            for name, value in Samples(error.name, protocol).output(shape).items()
            if shape.members[name].serialization.get("name", "").lower() != "x-amzn-errortype"
        }
        message = next((members.pop(name) for name in list(members) if name.lower() == "message"), "text")
        answer = write(error.code, message, request_id="request-1", members=members)
        parser = create_parser(protocol)
        received = {"status_code": answer.status, "headers": Headers(answer.headers), "body": answer.body}
        told = parser.parse(received, None)
        old = error.query_code if protocol == "query" or model.query_compatible else error.code
        if told["Error"]["Code"] != old or told["ResponseMetadata"].get("RequestId") != "request-1":
            found.append(f"{error.name}: {told}")
        read = parser.parse(received, shape)
        if protocol not in ("query", "rest-xml") and any(read.get(name) != members[name] for name in members):
            found.append(f"{error.name}: {members} became {read}")
    return found
