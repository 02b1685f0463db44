"""The awsQuery protocol: a form in, XML out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cumulet.gateway.http import Request, Response
from cumulet.gateway.protocols import forms, xml
from cumulet.gateway.protocols.codec import Codec, MalformedInput, Params, Parse, Serialise, WriteError
from cumulet.gateway.protocols.errors import further, members_of, text_of
from cumulet.gateway.protocols.older_names import as_query
from cumulet.kernel.models import Operation, ServiceModel

CONTENT_TYPE = "text/xml"


def codec(service: ServiceModel, operation: Operation) -> Codec:
    return Codec(parser(service, operation), serialiser(service, operation), error_writer(service))


def parser(service: ServiceModel, operation: Operation) -> Parse:
    name = operation.input
    read = forms.reader(as_query(service)).compile({"shape": name}) if name else _nothing

    def parse(request: Request, labels: Mapping[str, str] | None = None) -> Params:
        try:
            params: Params = read(forms.tree(parameters(request)))
        except ValueError as problem:
            raise MalformedInput("MalformedInput", str(problem)) from problem
        return {**labels, **params} if labels else params

    return parse


def parameters(request: Request) -> list[tuple[str, str]]:
    """The parameters of the query string, then of the form. Raises ValueError."""
    found = forms.pairs(request.query)
    body = request.body
    if isinstance(body, bytes) and body and _has_form(request):
        found += forms.pairs(body.decode())
    return found


def serialiser(service: ServiceModel, operation: Operation) -> Serialise:
    name = operation.name
    namespace = xml_namespace(service)
    start = f'<{name}Response xmlns="{namespace}">' if namespace else f"<{name}Response>"
    end = f"</{name}Response>"
    write = None
    if operation.output:
        wrapper = operation.raw["output"].get("resultWrapper", f"{name}Result")
        write = xml.writer(as_query(service)).compile({"shape": operation.output}, wrapper)

    def serialise(output: Mapping[str, Any], request_id: str = "") -> Response:
        out = [start]
        if write is not None:
            write(out, output)
        out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>{end}")
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", CONTENT_TYPE)]
        return Response(200, headers, text_of(out))

    return serialise


def error_writer(service: ServiceModel) -> WriteError:
    namespace = xml_namespace(service)
    start = f'<ErrorResponse xmlns="{namespace}">' if namespace else "<ErrorResponse>"

    def write(
        code: str,
        message: str,
        status: int | None = None,
        request_id: str = "",
        fault: str | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> Response:
        error = members_of(service, code, status, fault)
        kind = "Sender" if error.fault == "sender" else "Receiver"
        body = [
            f"{start}<Error><Type>{kind}</Type><Code>{xml.escape(error.query_code)}</Code>",
            f"<Message>{xml.escape(message)}</Message>{xml.elements(further(members))}</Error>",
            f"<RequestId>{request_id}</RequestId></ErrorResponse>",
        ]
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", CONTENT_TYPE)]
        return Response(error.status, headers, text_of(body))

    return write


def xml_namespace(service: ServiceModel) -> str | None:
    """The namespace of the service's answers; SQS, whose model forgot it, keeps its own."""
    if service.xml_namespace is None and service.name == "sqs":
        return "http://queue.amazonaws.com/doc/2012-11-05/"
    return service.xml_namespace


def _has_form(request: Request) -> bool:
    content_type = request.headers.get("content-type", "")
    return not content_type or "x-www-form-urlencoded" in content_type


def _nothing(_: Any) -> Params:
    return {}
