"""Configurations of which a bucket can have several, each under an id: inventories, analyses, metrics.

Source: S3 API Reference; what S3 says of ids that differ or are not there is recorded from it."""

from __future__ import annotations

import re
from typing import Any

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.s3 import buckets
from cumulet.services.s3.errors import IdMismatch, InvalidArgument, NoSuchConfiguration, TooManyConfigurations

MOST = 1000
"""Of each kind, for one bucket."""
_PAGE = 100
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

Configuration = dict[str, Any]


def check_id(config_id: str, configuration: Configuration) -> None:
    """Raises InvalidArgument, or IdMismatch where the document has another id than the request."""
    if not _ID.fullmatch(config_id):
        raise InvalidArgument("The id is not valid.", ArgumentName="id", ArgumentValue=config_id[:1024])
    if configuration.get("Id") != config_id:
        raise IdMismatch


def put(tx: Transaction, bucket: str, kind: str, configuration: Configuration) -> None:
    """Raises TooManyConfigurations."""
    config_id = configuration["Id"]
    is_new = buckets.configuration(tx, bucket, kind, config_id) is None
    if is_new and len(buckets.configurations(tx, bucket, kind)) >= MOST:
        raise TooManyConfigurations
    buckets.configure(tx, bucket, kind, configuration, config_id)


def get(tx: ReadTransaction, bucket: str, kind: str, config_id: str) -> Configuration:
    """Raises NoSuchConfiguration."""
    found = buckets.configuration(tx, bucket, kind, config_id)
    if found is None:
        raise NoSuchConfiguration
    return found


def remove(tx: Transaction, bucket: str, kind: str, config_id: str) -> None:
    """Raises NoSuchConfiguration."""
    get(tx, bucket, kind, config_id)
    buckets.unconfigure(tx, bucket, kind, config_id)


def listed(tx: ReadTransaction, bucket: str, kind: str, member: str, token: str | None) -> dict[str, Any]:
    """The answer to a list: up to 100 configurations in `member`, in the order of their ids, behind the token's."""
    found = [each for each in buckets.configurations(tx, bucket, kind) if token is None or each["Id"] > token]
    answer: dict[str, Any] = {"IsTruncated": len(found) > _PAGE}
    if found:
        answer[member] = found[:_PAGE]
    if token is not None:
        answer["ContinuationToken"] = token
    if len(found) > _PAGE:
        answer["NextContinuationToken"] = found[_PAGE - 1]["Id"]
    return answer
