"""The restJson1 protocol: members in path, query string and headers, the rest in a JSON body."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from cumulet.gateway.http import Response
from cumulet.gateway.protocols import bindings, eventstream, jsonvalues
from cumulet.gateway.protocols.codec import Codec, Convert, WriteError
from cumulet.gateway.protocols.errors import members_of
from cumulet.gateway.protocols.json import MALFORMED, json_members
from cumulet.kernel.models import Operation, ServiceModel, Shape

CONTENT_TYPE = "application/json"


def codec(service: ServiceModel, operation: Operation) -> Codec:
    body = body_of(service)
    return Codec(
        bindings.parser(service, operation, body),
        bindings.serialiser(service, operation, body),
        error_writer(service),
    )


@cache
def body_of(service: ServiceModel) -> bindings.Body:
    reader, writer = jsonvalues.reader(service), jsonvalues.writer(service)

    def read(convert: Convert) -> Convert:
        return lambda body: convert(jsonvalues.load(body))

    def write(convert: Convert) -> Convert:
        return lambda value: jsonvalues.dump(convert(value))

    def payload(ref: Shape) -> Shape:
        return {"shape": ref["shape"]}

    return bindings.Body(
        malformed=MALFORMED,
        content_type=CONTENT_TYPE,
        read_members=lambda name: read(reader.compile({"shape": name}, True)),
        read_payload=lambda ref: read(reader.compile(payload(ref))),
        write_members=lambda name: write(writer.compile({"shape": name}, True)),
        write_payload=lambda ref: write(writer.compile(payload(ref))),
        events=eventstream.JSON,
    )


def error_writer(service: ServiceModel) -> WriteError:
    def write(
        code: str,
        message: str,
        status: int | None = None,
        request_id: str = "",
        fault: str | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> Response:
        error = members_of(service, code, status, fault)
        headers = [*bindings.request_headers(service, request_id), ("x-amzn-ErrorType", error.code)]
        response = Response(error.status, headers)
        values = json_members(service, error, message, members)
        if error.name:
            bindings.outside_of(service, error.name).write(members or {}, response)
        response.headers.append(("Content-Type", CONTENT_TYPE))
        response.body = jsonvalues.dump(values)
        return response

    return write
