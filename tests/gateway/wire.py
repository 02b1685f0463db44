"""Requests and responses as botocore would write and read them, without a socket.

botocore is the other side of every wire here: what it serialises we must understand, what we serialise it
must understand. Its validation is left out, so that tests may also send what boto3 would refuse."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.handlers import parse_get_bucket_location
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from cumulet.gateway.http import Request, Response

SPOKEN = ("smithy-rpc-v2-cbor", "json", "rest-json", "rest-xml", "query", "ec2")


@cache
def _loader() -> Loader:
    return Loader()


@cache
def service_model(service: str) -> ServiceModel:
    return ServiceModel(_loader().load_service_model(service, "service-2"), service)


def operation_model(service: str, operation: str) -> OperationModel:
    return service_model(service).operation_model(operation)


def protocols(service: str) -> list[str]:
    """The protocols of the service that botocore can speak, the preferred one first."""
    metadata = service_model(service).metadata
    listed = metadata.get("protocols") or [metadata["protocol"]]
    return [protocol for protocol in SPOKEN if protocol in listed]


def request_for(
    service: str,
    operation: str,
    params: dict[str, Any],
    protocol: str | None = None,
    region: str = "us-east-1",
) -> Request:
    """The HTTP request that boto3 sends for this call, with path-style buckets.

    The Authorization header names the scope that boto3 would sign for; its signature is not valid."""
    model = operation_model(service, operation)
    written = create_serializer(protocol or protocols(service)[0], False).serialize_to_request(params, model)
    metadata = model.service_model.metadata
    host = f"{metadata['endpointPrefix']}.{region}.amazonaws.com"
    prepare_request_dict(written, endpoint_url=f"https://{host}")
    prepared = create_request_object(written).prepare()
    url = urlsplit(prepared.url)
    headers = {name.lower(): _text(value) for name, value in prepared.headers.items()}
    headers["host"] = url.netloc
    if model.auth_type != "none":
        scope = f"20260101/{region}/{metadata.get('signingName', metadata['endpointPrefix'])}/aws4_request"
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders=host, Signature={'0' * 64}"
        )
    return Request(prepared.method, url.path or "/", url.query, headers, _bytes(prepared.body), secure=True)


def response_of(
    service: str, operation: str, response: Response, body: Any, protocol: str | None = None
) -> dict[str, Any]:
    """What botocore makes of a response. `body` is the response's body, read to the end, or a raw stream
    (an object with `stream()`) for an event stream."""
    model = operation_model(service, operation)
    parser = create_parser(protocol or protocols(service)[0])
    received = {
        "status_code": response.status,
        "headers": Headers(response.headers),
        "body": body,
        "context": {"operation_name": operation},
    }
    parsed: dict[str, Any] = parser.parse(received, model.output_shape)
    if (service, operation) == ("s3", "GetBucketLocation"):
        # What S3 answers here does not fit its model; boto3 puts that right after parsing.
        parse_get_bucket_location(parsed, SimpleNamespace(raw=body, content=body))
    return parsed


class RawStream:
    """The part of a urllib3 response that botocore's event streams need."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self) -> Any:
        yield self.content

    def close(self) -> None:
        pass


class Headers(dict[str, str]):
    """Headers found whatever their case, as HTTP has them."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__((name.lower(), value) for name, value in pairs)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _bytes(value: str | bytes | bytearray | None) -> bytes:
    return b"" if value is None else value.encode() if isinstance(value, str) else bytes(value)
