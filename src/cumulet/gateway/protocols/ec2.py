"""The EC2 protocol: awsQuery with flat lists in, and answers without a wrapper out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.gateway.http import Response
from cumulet.gateway.protocols import query, xml
from cumulet.gateway.protocols.codec import Codec, Serialise, WriteError
from cumulet.gateway.protocols.errors import further, members_of, text_of
from cumulet.gateway.protocols.shapes import resolve
from cumulet.kernel.models import Operation, ServiceModel

CONTENT_TYPE = "text/xml;charset=UTF-8"


def codec(service: ServiceModel, operation: Operation) -> Codec:
    return Codec(query.parser(service, operation), serialiser(service, operation), error_writer(service))


def serialiser(service: ServiceModel, operation: Operation) -> Serialise:
    name = operation.name
    namespace = service.xml_namespace or f"http://ec2.amazonaws.com/doc/{service.api_version}/"
    start = f'{xml.DECLARATION}<{name}Response xmlns="{namespace}">'
    output_name = operation.output
    writer = xml.writer(service)
    write = writer.content(resolve(service, {"shape": output_name})) if output_name else None

    def serialise(output: Mapping[str, Any], request_id: str = "") -> Response:
        out = [start, f"<requestId>{request_id}</requestId>"]
        if write is not None:
            write(out, output)
        else:
            # EC2 says so in words where an operation returns nothing.
            out.append("<return>true</return>")
        out.append(f"</{name}Response>")
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", CONTENT_TYPE)]
        return Response(200, headers, text_of(out))

    return serialise


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
        body = [
            f"{xml.DECLARATION}<Response><Errors><Error><Code>{xml.escape(error.query_code)}</Code>",
            f"<Message>{xml.escape(message)}</Message>{xml.elements(further(members))}</Error></Errors>",
            f"<RequestID>{request_id}</RequestID></Response>",
        ]
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", CONTENT_TYPE)]
        return Response(error.status, headers, text_of(body))

    return write
