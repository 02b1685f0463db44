"""The wire protocols: between HTTP and the dicts that boto3 users know, compiled once per operation.

    codec = protocols.codec(models.load("sqs"), "SendMessage", protocols.detect(model, request))
    params = codec.parse(request)
    response = codec.serialise({"MessageId": ...}, request_id)

One module per protocol; what they share has a module by its noun (forms, xml, jsonvalues, bindings, eventstream)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from cumulet.gateway.http import Request
from cumulet.gateway.protocols import cbor, compression, ec2, json, query, restjson, restxml
from cumulet.gateway.protocols.codec import Codec, MalformedInput, Params, WriteError
from cumulet.kernel.models import Operation, ServiceModel

__all__ = ["PROTOCOLS", "Codec", "MalformedInput", "Params", "codec", "detect", "error_writer"]

_CODECS: dict[str, Callable[[ServiceModel, Operation], Codec]] = {
    "ec2": ec2.codec,
    "json": json.codec,
    "query": query.codec,
    "rest-json": restjson.codec,
    "rest-xml": restxml.codec,
    "smithy-rpc-v2-cbor": cbor.codec,
}
_ERROR_WRITERS: dict[str, Callable[[ServiceModel], WriteError]] = {
    "ec2": ec2.error_writer,
    "json": json.error_writer,
    "query": query.error_writer,
    "rest-json": restjson.error_writer,
    "rest-xml": restxml.error_writer,
    "smithy-rpc-v2-cbor": cbor.error_writer,
}
PROTOCOLS = tuple(_CODECS)


@cache
def codec(service: ServiceModel, operation: str, protocol: str) -> Codec:
    """How this operation travels in this protocol. Raises KeyError for an unknown operation or protocol."""
    known = service.operations[operation]
    found = _CODECS[protocol](service, known)
    if "requestcompression" in known.raw:
        return found._replace(parse=compression.parser(found.parse, json.MALFORMED))
    return found


def detect(service: ServiceModel, request: Request) -> str:
    """The protocol that a request to this service uses, by its headers and path; the service's own in doubt.

    Services keep answering older protocols than their model lists (SQS still takes forms), so the request decides."""
    if len(service.protocols) == 1 and service.protocols[0] in ("rest-json", "rest-xml", "ec2", "query"):
        return service.protocols[0]
    headers = request.headers
    if headers.get("smithy-protocol") == "rpc-v2-cbor" or request.path.startswith("/service/"):
        return "smithy-rpc-v2-cbor"
    if "x-amz-target" in headers:
        return "json"
    if "x-www-form-urlencoded" in headers.get("content-type", "") or "Action=" in request.query:
        return "query"
    return service.protocols[0]


@cache
def error_writer(service: ServiceModel, protocol: str) -> WriteError:
    """How errors of this service travel when no operation was found."""
    return _ERROR_WRITERS[protocol](service)
