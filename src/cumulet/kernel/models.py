"""The service models: what every operation takes, answers and refuses, as AWS publishes it with botocore.

Only botocore's data files are read; botocore itself is never imported, because importing it costs more than
serving a request. Documentation is dropped on load. A model is loaded when somebody first asks for it."""

from __future__ import annotations

import gzip
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec

Shape = dict[str, Any]
"""A shape or a reference to one, as the model spells it (the traits of a reference win over the shape's)."""

_DOCUMENTATION = ("documentation", "deprecated", "deprecatedMessage", "deprecatedSince")


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """An error of the model: its wire code, HTTP status and whose fault it is."""

    name: str
    code: str
    status: int
    fault: str
    """`sender` or `receiver`."""
    query_code: str
    """What the awsQuery protocol called it; the same as `code` where the service never changed protocol."""
    members: tuple[str, ...]


@dataclass(frozen=True)
class Operation:
    """One operation of a service, as data."""

    name: str
    raw: Mapping[str, Any]
    service: ServiceModel = field(repr=False)

    @cached_property
    def method(self) -> str:
        """The name of the client method, in snake_case, exactly as boto3 spells it."""
        return method_name(self.name)

    @property
    def http_method(self) -> str:
        return str(self.raw["http"]["method"])

    @property
    def uri(self) -> str:
        """The URI template, with labels in braces and perhaps a literal query string."""
        return str(self.raw["http"]["requestUri"])

    @property
    def status(self) -> int:
        """The HTTP status of success."""
        return int(self.raw["http"].get("responseCode", 200))

    @property
    def input(self) -> str | None:
        return self._shape_name("input")

    @property
    def output(self) -> str | None:
        return self._shape_name("output")

    @property
    def errors(self) -> tuple[str, ...]:
        return tuple(error["shape"] for error in self.raw.get("errors", ()))

    @cached_property
    def streaming_input(self) -> str | None:
        """The member that is the body itself and may be of any length."""
        return self._streaming("input")

    @cached_property
    def streaming_output(self) -> str | None:
        return self._streaming("output")

    @cached_property
    def event_stream_input(self) -> str | None:
        """The member that is a stream of events."""
        return self._event_stream("input")

    @cached_property
    def event_stream_output(self) -> str | None:
        return self._event_stream("output")

    @property
    def host_prefix(self) -> str | None:
        """What clients put before the host name, with member names in braces."""
        prefix: str | None = self.raw.get("endpoint", {}).get("hostPrefix")
        return prefix

    @property
    def auth(self) -> tuple[str, ...]:
        """Authentication schemes of this operation where they differ from the service's."""
        return tuple(self.raw.get("auth", ()))

    @property
    def unsigned(self) -> bool:
        """Whether clients send no signature at all (AssumeRoleWithWebIdentity and its like)."""
        return self.raw.get("authtype") == "none" or self.auth == ("smithy.api#noAuth",)

    @property
    def unsigned_payload(self) -> bool:
        return bool(self.raw.get("unsignedPayload")) or self.raw.get("authtype") == "v4-unsigned-body"

    @cached_property
    def idempotency_members(self) -> tuple[str, ...]:
        """Members that an SDK fills with a random token when the caller gives none."""
        return tuple(name for name, ref in self._members("input").items() if ref.get("idempotencyToken"))

    @property
    def read_only(self) -> bool:
        return bool(self.raw.get("readonly"))

    @property
    def checksum(self) -> Mapping[str, Any]:
        """The httpChecksum trait: algorithm members, algorithms, whether one is required."""
        trait: Mapping[str, Any] = self.raw.get("httpChecksum", {})
        return trait

    @property
    def required_checksum(self) -> bool:
        return bool(self.raw.get("httpChecksumRequired") or self.checksum.get("requestChecksumRequired"))

    def _shape_name(self, side: str) -> str | None:
        ref = self.raw.get(side)
        return None if ref is None else str(ref["shape"])

    def _members(self, side: str) -> Mapping[str, Shape]:
        name = self._shape_name(side)
        return {} if name is None else self.service.shapes[name].get("members", {})

    def _streaming(self, side: str) -> str | None:
        name = self._shape_name(side)
        payload = None if name is None else self.service.shapes[name].get("payload")
        if payload is None:
            return None
        ref = self._members(side)[payload]
        streams = ref.get("streaming") or self.service.shapes[ref["shape"]].get("streaming")
        return payload if streams else None

    def _event_stream(self, side: str) -> str | None:
        for name, ref in self._members(side).items():
            if self.service.shapes[ref["shape"]].get("eventstream"):
                return name
        return None


class Operations(Mapping[str, Operation]):
    """The operations of a service by API name, each made when first asked for."""

    def __init__(self, service: ServiceModel, raw: Mapping[str, Any]) -> None:
        self._service = service
        self._raw = raw
        self._made: dict[str, Operation] = {}

    def __getitem__(self, name: str) -> Operation:
        operation = self._made.get(name)
        if operation is None:
            operation = self._made[name] = Operation(name, self._raw[name], self._service)
        return operation

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __contains__(self, name: object) -> bool:
        return name in self._raw


class ServiceModel:
    """One service as its newest published model describes it."""

    def __init__(self, name: str, document: dict[str, Any]) -> None:
        self.name = name
        self.metadata: dict[str, Any] = document["metadata"]
        self.shapes: dict[str, Shape] = document["shapes"]
        self.operations = Operations(self, document["operations"])

    def __repr__(self) -> str:
        return f"ServiceModel({self.name!r})"

    @cached_property
    def protocols(self) -> tuple[str, ...]:
        """The wire protocols the service speaks, the preferred one first."""
        return tuple(self.metadata.get("protocols") or (self.metadata["protocol"],))

    @property
    def signing_name(self) -> str:
        return str(self.metadata.get("signingName") or self.metadata["endpointPrefix"])

    @property
    def endpoint_prefix(self) -> str:
        return str(self.metadata["endpointPrefix"])

    @property
    def api_version(self) -> str:
        return str(self.metadata["apiVersion"])

    @property
    def target_prefix(self) -> str | None:
        """What stands before the dot in X-Amz-Target, and names the service in RPC v2 paths."""
        return self.metadata.get("targetPrefix")

    @property
    def xml_namespace(self) -> str | None:
        namespace = self.metadata.get("xmlNamespace")
        return namespace.get("uri") if isinstance(namespace, dict) else namespace

    @property
    def query_compatible(self) -> bool:
        """Whether the service once spoke awsQuery and still tells its clients the old error codes."""
        return "awsQueryCompatible" in self.metadata

    @cached_property
    def methods(self) -> Mapping[str, Operation]:
        """The operations by client method name."""
        return {method_name(name): self.operations[name] for name in self.operations}

    def errors(self) -> list[ErrorShape]:
        """Every error of the model, in the model's order."""
        return [self.error(name) for name, shape in self.shapes.items() if shape.get("exception")]

    def error(self, name: str) -> ErrorShape:
        """The error whose shape has this name. Raises KeyError where the model has none."""
        shape = self.shapes[name]
        if not shape.get("exception"):
            raise KeyError(name)
        trait = shape.get("error", {})
        receiver = bool(shape.get("fault") or trait.get("fault"))
        status = int(trait.get("httpStatusCode", 500 if receiver else 400))
        sender = bool(trait.get("senderFault", not receiver and status < 500))
        old = str(trait.get("code") or _OLD_CODES.get(self.name, {}).get(name, name))
        # Services that left awsQuery name the error by its shape on the new wire and by `code` on the old.
        renamed = self.protocols[0] in ("json", "smithy-rpc-v2-cbor", "rest-json")
        return ErrorShape(
            name=name,
            code=name if renamed else old,
            status=status,
            fault="sender" if sender else "receiver",
            query_code=old,
            members=tuple(shape["members"]),
        )

    def error_by_code(self, code: str) -> ErrorShape | None:
        """The error with this wire code, be it the new or the awsQuery one; None where the model has none."""
        return self._errors_by_code.get(code)

    @cached_property
    def _errors_by_code(self) -> dict[str, ErrorShape]:
        found: dict[str, ErrorShape] = {}
        for error in self.errors():
            for code in (error.code, error.query_code, error.name):
                found.setdefault(code, error)
        return found


@cache
def names() -> list[str]:
    """The names of all services, as boto3 spells them, sorted."""
    return sorted(folder.name for folder in data_folder().iterdir() if folder.is_dir() and _versions(folder))


@cache
def load(name: str) -> ServiceModel:
    """The model of one service. Raises KeyError for a name that boto3 does not know."""
    folder = data_folder() / name
    versions = _versions(folder) if _NAME.fullmatch(name) and folder.is_dir() else []
    if not versions:
        raise KeyError(name)
    newest = folder / versions[-1]
    document = _read(newest / "service-2.json")
    extras = newest / "service-2.sdk-extras.json"
    if _exists(extras):
        _merge(document, _read(extras).get("merge", {}))
    return ServiceModel(name, _without_documentation(document))


@cache
def method_name(operation: str) -> str:
    """`ListWebACLs` -> `list_web_acls`: the client method of an operation, as boto3 spells it."""
    if "_" in operation:
        return operation
    operation = _BRAND.sub(lambda brand: brand.group().capitalize(), operation)
    plural = _PLURAL_ACRONYM.search(operation)
    if plural:
        operation = f"{operation[: plural.start()]}_{plural.group().lower()}"
    return _WORD_END.sub(r"\1_\2", _WORD_START.sub(r"\1_\2", operation)).lower()


_NAME = re.compile(r"[a-z0-9-]+")
_PLURAL_ACRONYM = re.compile(r"[A-Z]{2,}s$")
_WORD_START = re.compile(r"(.)([A-Z][a-z]+)")
_WORD_END = re.compile(r"([a-z0-9])([A-Z])")
_BRAND = re.compile(r"iSCSI|HITs(?=For)|PartiQL|OAuth2(?=Token$|TokenWithIAM)|WhatsApp|OTel")
"""Names that boto3 keeps as one word although their capitals say otherwise."""


_SQS = "AWS.SimpleQueueService."
_OLD_CODES: Mapping[str, Mapping[str, str]] = {
    "sqs": {
        "BatchEntryIdsNotDistinct": _SQS + "BatchEntryIdsNotDistinct",
        "BatchRequestTooLong": _SQS + "BatchRequestTooLong",
        "EmptyBatchRequest": _SQS + "EmptyBatchRequest",
        "InvalidBatchEntryId": _SQS + "InvalidBatchEntryId",
        "KmsAccessDenied": "KMS.AccessDeniedException",
        "KmsDisabled": "KMS.DisabledException",
        "KmsInvalidKeyUsage": "KMS.InvalidKeyUsageException",
        "KmsInvalidState": "KMS.InvalidStateException",
        "KmsNotFound": "KMS.NotFoundException",
        "KmsOptInRequired": "KMS.OptInRequired",
        "KmsThrottled": "KMS.ThrottlingException",
        "MessageNotInflight": _SQS + "MessageNotInflight",
        "PurgeQueueInProgress": _SQS + "PurgeQueueInProgress",
        "QueueDeletedRecently": _SQS + "QueueDeletedRecently",
        "QueueDoesNotExist": _SQS + "NonExistentQueue",
        "QueueNameExists": "QueueAlreadyExists",
        "TooManyEntriesInBatchRequest": _SQS + "TooManyEntriesInBatchRequest",
        "UnsupportedOperation": _SQS + "UnsupportedOperation",
    }
}
"""awsQuery codes of services whose published model does not tell them, though the service answers them."""


@cache
def data_folder() -> Path:
    """Where botocore keeps what AWS publishes."""
    spec = importlib.util.find_spec("botocore")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "data"


def _versions(folder: Path) -> list[str]:
    return sorted(child.name for child in folder.iterdir() if _exists(child / "service-2.json"))


def _exists(path: Path) -> bool:
    return path.exists() or path.with_name(path.name + ".gz").exists()


def _read(path: Path) -> dict[str, Any]:
    if path.exists():
        content = path.read_bytes()
    else:
        content = gzip.decompress(path.with_name(path.name + ".gz").read_bytes())
    document: dict[str, Any] = msgspec.json.decode(content)
    return document


def _merge(into: dict[str, Any], extra: Mapping[str, Any]) -> None:
    for key, value in extra.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _without_documentation(document: dict[str, Any]) -> dict[str, Any]:
    for operation in document["operations"].values():
        _drop(operation)
    for shape in document["shapes"].values():
        _drop(shape)
        for ref in shape.get("members", {}).values():
            _drop(ref)
        for part in ("member", "key", "value"):
            _drop(shape.get(part, {}))
    return document


def _drop(entry: dict[str, Any]) -> None:
    for key in _DOCUMENTATION:
        entry.pop(key, None)
