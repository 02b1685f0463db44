"""The awsJson protocols, 1.0 and 1.1: the operation in X-Amz-Target, JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.gateway.http import Request, Response
from cumulet.gateway.protocols import eventstream, jsonvalues
from cumulet.gateway.protocols.codec import Codec, MalformedInput, Params, Parse, Serialise, WriteError
from cumulet.gateway.protocols.errors import body_members, members_of, query_error
from cumulet.kernel.models import ErrorShape, Operation, ServiceModel

MALFORMED = "SerializationException"


def codec(service: ServiceModel, operation: Operation) -> Codec:
    return Codec(parser(service, operation), serialiser(service, operation), error_writer(service))


def content_type(service: ServiceModel) -> str:
    return f"application/x-amz-json-{service.metadata.get('jsonVersion', '1.0')}"


def parser(service: ServiceModel, operation: Operation) -> Parse:
    name = operation.input
    read = jsonvalues.reader(service).compile({"shape": name}) if name else None

    def parse(request: Request, labels: Mapping[str, str] | None = None) -> Params:
        try:
            value = jsonvalues.load(request.body)
            if type(value) is not dict:
                raise ValueError("Start of structure or map expected")
            params: Params = read(value) if read is not None else {}
        except (ValueError, RecursionError) as problem:
            raise MalformedInput(MALFORMED, str(problem)) from problem
        return params

    return parse


def serialiser(service: ServiceModel, operation: Operation) -> Serialise:
    content = content_type(service)
    name = operation.output
    if name is None:
        return lambda output, request_id="": Response(
            200, [("x-amzn-RequestId", request_id), ("Content-Type", content)]
        )
    write = jsonvalues.writer(service).compile({"shape": name})
    events = operation.event_stream_output
    frames = eventstream.event_writer(service, name, events, eventstream.JSON) if events else None

    def serialise(output: Mapping[str, Any], request_id: str = "") -> Response:
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", content)]
        return Response(200, headers, jsonvalues.dump(write(output)))

    def serialise_events(output: Mapping[str, Any], request_id: str = "") -> Response:
        assert events is not None and frames is not None
        first = jsonvalues.dump(write({key: value for key, value in output.items() if key != events}))
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", eventstream.CONTENT_TYPE)]
        return Response(200, headers, frames(output.get(events, ()), eventstream.initial(first, content)))

    return serialise_events if events else serialise


def error_writer(service: ServiceModel) -> WriteError:
    content = content_type(service)
    namespace = _namespace(service)

    def write(
        code: str,
        message: str,
        status: int | None = None,
        request_id: str = "",
        fault: str | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> Response:
        error = members_of(service, code, status, fault)
        # These protocols answer 400 for what the caller did, whatever the model says, and 500 for the rest.
        answered = status or (400 if error.fault == "sender" else max(error.status, 500))
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", content)]
        if service.query_compatible:
            headers.append(("x-amzn-query-error", query_error(error)))
        body = {"__type": namespace + error.code, **json_members(service, error, message, members)}
        return Response(answered, headers, jsonvalues.dump(body))

    return write


def json_members(
    service: ServiceModel, error: ErrorShape, message: str, members: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The error's members as JSON values, by the error's shape where there is one."""
    values = body_members(error, message, members)
    if not error.name:
        return values
    known = service.shapes[error.name].get("members", {})
    modelled = {name: value for name, value in values.items() if name in known}
    written: dict[str, Any] = jsonvalues.writer(service).compile({"shape": error.name}, True)(modelled)
    return {**{name: value for name, value in values.items() if name not in known}, **written}


def _namespace(service: ServiceModel) -> str:
    """What stands before an error's name in `__type`: services on version 1.0 give the name in full."""
    if service.metadata.get("jsonVersion") != "1.0":
        return ""
    version = ".v" + service.api_version.replace("-", "") if service.endpoint_prefix == "dynamodb" else ""
    return f"com.amazonaws.{service.endpoint_prefix}{version}#"
