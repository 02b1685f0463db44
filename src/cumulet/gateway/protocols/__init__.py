"""The wire protocols: between HTTP and the dicts that boto3 users know, compiled once per operation.

    codec = protocols.codec(models.load("sqs"), "SendMessage", protocols.detect(model, request))
    params = codec.parse(request)
    response = codec.serialise({"MessageId": ...}, request_id)

One module per protocol; what they share has a module by its noun (forms, xml, jsonvalues, bindings, eventstream)."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

from cumulet.gateway.http import Request
from cumulet.gateway.protocols import compression
from cumulet.gateway.protocols.codec import Codec, MalformedInput, Params, WriteError
from cumulet.kernel.models import ServiceModel

__all__ = ["PROTOCOLS", "Codec", "MalformedInput", "Params", "codec", "detect", "error_writer"]

_MODULES = {
    "ec2": "ec2",
    "json": "json",
    "query": "query",
    "rest-json": "restjson",
    "rest-xml": "restxml",
    "smithy-rpc-v2-cbor": "cbor",
}
"""Imported when a request first speaks the protocol."""
PROTOCOLS = tuple(_MODULES)


@cache
def codec(service: ServiceModel, operation: str, protocol: str) -> Codec:
    """How this operation travels in this protocol. Raises KeyError for an unknown operation or protocol."""
    known = service.operations[operation]
    found = _module(protocol).codec(service, known)
    if "requestcompression" in known.raw:
        return found._replace(parse=compression.parser(found.parse, _module("json").MALFORMED))
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
    return _module(protocol).error_writer(service)


def _module(protocol: str) -> Any:
    return importlib.import_module(f"{__name__}.{_MODULES[protocol]}")
