"""The restXml protocol: members in path, query string and headers, the rest in an XML body. S3 has ways of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from cumulet.gateway.http import Response
from cumulet.gateway.protocols import bindings, eventstream, xml
from cumulet.gateway.protocols.codec import Codec, Convert, Serialise, WriteError
from cumulet.gateway.protocols.errors import further, members_of, text_of
from cumulet.gateway.protocols.shapes import resolve
from cumulet.kernel.ids import host_id
from cumulet.kernel.models import Operation, ServiceModel, Shape

CONTENT_TYPE = "application/xml"

S3_ROOTS = {
    "ListBuckets": "ListAllMyBucketsResult",
    "ListDirectoryBuckets": "ListAllMyDirectoryBucketsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListParts": "ListPartsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "CompleteMultipartUpload": "CompleteMultipartUploadResult",
    "CreateSession": "CreateSessionResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAcl": "AccessControlPolicy",
    "GetObjectAcl": "AccessControlPolicy",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycle": "LifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketIntelligentTieringConfigurations": "ListBucketIntelligentTieringConfigurationsOutput",
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult",
}
"""The root elements of S3's answers, which the model leaves out because its clients ignore them; others do not."""


def codec(service: ServiceModel, operation: Operation) -> Codec:
    body = body_of(service)
    serialise = bindings.serialiser(service, operation, body._replace(write_members=_members_writer(operation)))
    if service.name == "s3" and operation.name == "GetBucketLocation":
        serialise = _location_serialiser(service)
    return Codec(bindings.parser(service, operation, body), serialise, error_writer(service, operation))


@cache
def body_of(service: ServiceModel) -> bindings.Body:
    reader = xml.reader(service)

    def read(ref: Shape) -> Convert:
        convert = reader.compile({"shape": ref["shape"]})
        return lambda body: convert(xml.read(body))

    return bindings.Body(
        malformed="MalformedXML",
        content_type=CONTENT_TYPE,
        read_members=lambda name: read({"shape": name}),
        read_payload=read,
        write_members=_unwritable,
        write_payload=lambda ref: _payload_writer(service, ref),
        events=eventstream.XML,
    )


def xml_namespace(service: ServiceModel) -> str | None:
    """The namespace of a service's answers: the service's, or else the one its requests carry."""
    if service.xml_namespace:
        return service.xml_namespace
    for operation in service.operations.values():
        namespace = operation.raw.get("input", {}).get("xmlNamespace")
        if namespace:
            return str(namespace["uri"])
    return None


def error_writer(service: ServiceModel, operation: Operation | None = None) -> WriteError:
    bare = service.name == "s3"
    head = operation is not None and operation.http_method == "HEAD"
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
        response = Response(error.status, bindings.request_headers(service, request_id))
        response.headers.append(("Content-Type", CONTENT_TYPE))
        values = further(members)
        if error.name:
            outside = bindings.outside_of(service, error.name)
            outside.write(values, response)
            values = {name: value for name, value in values.items() if name not in outside.writers}
        inside = f"<Code>{xml.escape(error.code)}</Code><Message>{xml.escape(message)}</Message>"
        inside += xml.elements(values)
        if bare:
            ids = f"<RequestId>{request_id}</RequestId><HostId>{host_id(request_id)}</HostId>"
            body = [xml.DECLARATION, f"<Error>{inside}{ids}</Error>"]
        else:
            kind = "Sender" if error.fault == "sender" else "Receiver"
            body = [
                f"{xml.DECLARATION}{start}<Error><Type>{kind}</Type>{inside}</Error>",
                f"<RequestId>{request_id}</RequestId></ErrorResponse>",
            ]
        response.body = b"" if head else text_of(body)
        return response

    return write


def _members_writer(operation: Operation) -> Any:
    def members_writer(name: str) -> Convert:
        service = operation.service
        root = S3_ROOTS.get(operation.name, name) if service.name == "s3" else name
        shape = {"shape": name, **service.shapes[name]}
        return _document(service, shape, str(shape.get("locationName", root)))

    return members_writer


def _payload_writer(service: ServiceModel, ref: Shape) -> Convert:
    shape = resolve(service, ref)
    root = str(shape.get("locationName", ref["shape"]))
    if shape["type"] == "structure" and not shape.get("xmlNamespace"):
        return _document(service, shape, root)
    write = xml.writer(service).compile(ref, root)

    def written(value: Any) -> bytes:
        out = [xml.DECLARATION]
        write(out, value)
        return text_of(out)

    return written


def _document(service: ServiceModel, shape: Shape, root: str) -> Convert:
    start, end = xml.tags(root, {"xmlNamespace": xml_namespace(service)})
    write = xml.writer(service).element(shape, start, end)

    def written(value: Any) -> bytes:
        out = [xml.DECLARATION]
        write(out, value)
        return text_of(out)

    return written


def _location_serialiser(service: ServiceModel) -> Serialise:
    """GetBucketLocation's one member is the root element itself; it is empty for us-east-1."""
    start = f'{xml.DECLARATION}<LocationConstraint xmlns="{xml_namespace(service)}">'

    def serialise(output: Mapping[str, Any], request_id: str = "") -> Response:
        location = xml.escape(str(output.get("LocationConstraint") or ""))
        headers = [*bindings.request_headers(service, request_id), ("Content-Type", CONTENT_TYPE)]
        return Response(200, headers, f"{start}{location}</LocationConstraint>".encode())

    return serialise


def _unwritable(name: str) -> Convert:
    raise AssertionError("An XML body needs its operation's root element")
