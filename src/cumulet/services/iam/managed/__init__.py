"""The policies that AWS manages: every account has them, and nobody can change them.

They are data, one policy to a line of policies.jsonl, which is read when somebody first asks; the script
`tools/managed_policies.py` adds to it, or replaces it, from what IAM itself answers. Of the longest policies
(ReadOnlyAccess, ViewOnlyAccess, SecurityAudit) the file has the actions of the more common services only."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

_FILE = Path(__file__).with_name("policies.jsonl")
_PREFIX = "arn:aws:iam::aws:policy"
_ID_LETTERS = 17


class ManagedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy as IAM shows it. `document` is its text in the version that counts."""

    name: str
    path: str
    arn: str
    id: str
    version_id: str
    created: datetime
    updated: datetime
    description: str
    document: str


class _Line(msgspec.Struct):
    name: str
    path: str
    version: str
    created: datetime
    updated: datetime
    description: str
    document: dict[str, Any]
    id: str = ""


def find(arn: str) -> ManagedPolicy | None:
    """The policy with this ARN, if AWS has it and we know it."""
    return _by_arn().get(arn)


def all() -> list[ManagedPolicy]:
    """Every policy we know, by path and name."""
    return list(_by_arn().values())


def is_managed(arn: str) -> bool:
    """Whether an ARN is of the kind that AWS manages, known here or not."""
    return arn.startswith(_PREFIX + "/")


@cache
def _by_arn() -> Mapping[str, ManagedPolicy]:
    decode = msgspec.json.Decoder(_Line).decode
    read = [_policy(decode(line)) for line in _FILE.read_bytes().splitlines() if line]
    return MappingProxyType({policy.arn: policy for policy in read})


def _policy(line: _Line) -> ManagedPolicy:
    arn = f"{_PREFIX}{line.path}{line.name}"
    return ManagedPolicy(
        name=line.name, path=line.path, arn=arn, id=line.id or _id(arn), version_id=line.version,
        created=line.created, updated=line.updated, description=line.description,
        document=json.dumps(line.document, indent=4),
    )  # fmt: skip


def _id(arn: str) -> str:
    """An id in AWS's form that is the same in every cloud; AWS's own are arbitrary."""
    return "ANPA" + base64.b32encode(hashlib.sha256(arn.encode()).digest()).decode()[:_ID_LETTERS]
