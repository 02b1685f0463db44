"""Names on the wire of awsQuery that a service's published model has lost.

SQS moved to JSON, and its model forgot what its parameters are called in forms (`Attribute.1.Name`), though the
service still answers them and older clients still send them. Source: SQS API Reference, query examples."""

from __future__ import annotations

from functools import cache
from typing import Any

from cumulet.kernel.models import ServiceModel, Shape

_MAPS = {
    "MessageBodyAttributeMap": ("MessageAttribute", "Name"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name"),
    "MessageSystemAttributeMap": ("Attribute", "Name"),
    "QueueAttributeMap": ("Attribute", "Name"),
    "TagMap": ("Tag", "Key"),
}
"""What a map and its keys are called; its values are called Value."""

_LISTS = {
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "AWSAccountIdList": "AWSAccountId",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
}
"""What the items of a list are called."""


@cache
def as_query(service: ServiceModel) -> ServiceModel:
    """The model by which forms are read and their answers written."""
    if service.name != "sqs" or "query" in service.protocols:
        return service
    document: dict[str, Any] = {
        "metadata": service.metadata,
        "operations": {name: dict(operation.raw) for name, operation in service.operations.items()},
        "shapes": {name: _named(name, shape) for name, shape in service.shapes.items()},
    }
    return ServiceModel(service.name, document)


def _named(name: str, shape: Shape) -> Shape:
    if name in _LISTS:
        return {**shape, "member": {**shape["member"], "locationName": _LISTS[name]}}
    if name in _MAPS:
        own, key = _MAPS[name]
        return {
            **shape,
            "locationName": own,
            "key": {**shape["key"], "locationName": key},
            "value": {**shape["value"], "locationName": "Value"},
        }
    return shape
