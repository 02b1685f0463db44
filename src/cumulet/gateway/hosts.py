"""What a Host header names: a service, a Region, a bucket, an account.

Clients reach the same API under many names: AWS's own (`BUCKET.s3.REGION.amazonaws.com`), names that resolve to
the loopback address (`BUCKET.s3.localhost`, `sqs.REGION.localhost.localstack.cloud`), a domain of the owner, or a
bare address that names nothing. Source: AWS General Reference, service endpoints; S3 User Guide, virtual hosting."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cumulet.gateway import service_index

SUFFIXES = (
    ".amazonaws.com.cn",
    ".amazonaws.com",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
    ".localhost.localstack.cloud",
    ".localhost",
)
"""Longest first where one ends with another."""

LONGEST_HOST = 1024
"""Bytes. A DNS name has at most 253; what is longer names nothing."""

_ADDRESS = re.compile(r"[0-9.]+|[0-9a-f:.]*:[0-9a-f:.%]*")
_S3_LABEL = re.compile(
    r"(s3|s3-accelerate|s3-website|s3-control|s3-accesspoint|s3-object-lambda|s3-outposts|s3express-control)(-fips)?"
)
_S3_DASHED = re.compile(r"(s3-website|s3)(?:-fips)?-([a-z]{2,}(?:-[a-z]+)+-[0-9]+)")
_S3_ZONE = re.compile(r"s3express(?:-fips)?-[a-z0-9-]+")
_ALIASES = {"queue": "sqs", "ddb": "dynamodb", "dkr.ecr": "api.ecr"}


@dataclass(frozen=True, slots=True)
class Host:
    """What the name says; None where it says nothing.

    `service` is an endpoint prefix of the models ("email", "streams.dynamodb") or one of S3's own kinds
    ("s3", "s3-website", "s3-control", "s3-accesspoint", "s3-accelerate", "s3-object-lambda", "s3express-control").
    `resource` is what stands before the service: an API id, a queue account, an access point."""

    service: str | None = None
    region: str | None = None
    bucket: str | None = None
    account: str | None = None
    resource: str | None = None


NOTHING = Host()

S3_KINDS = frozenset(
    {
        "s3", "s3-accelerate", "s3-website", "s3-control", "s3-accesspoint", "s3-object-lambda", "s3-outposts",
        "s3express-control",
    }
)  # fmt: skip


def parse(host: str, domains: tuple[str, ...] = ()) -> Host:
    """Read a Host header, with or without a port. `domains` are further suffixes, such as ("cloud.example",)."""
    return _parse(host, domains) if len(host) <= LONGEST_HOST else NOTHING


@lru_cache(maxsize=4096)
def _parse(host: str, domains: tuple[str, ...]) -> Host:
    name = _without_port(host.lower()).rstrip(".")
    if not name or _ADDRESS.fullmatch(name):
        return NOTHING
    for suffix in (*("." + domain.strip(".") for domain in domains), *SUFFIXES):
        if name.endswith(suffix):
            labels = name.removesuffix(suffix).split(".")
            found = _s3(labels) or _service(labels)
            if found is None and suffix == ".localhost":
                # A short form that only makes sense where every name is this machine.
                return Host(service="s3", bucket=".".join(labels))
            return found or NOTHING
    return NOTHING


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") > 1:
        return host
    return host.partition(":")[0]


def _s3(labels: list[str]) -> Host | None:
    """The rightmost S3 label counts, since a bucket name may hold dots and even a label "s3"."""
    for at in range(len(labels) - 1, -1, -1):
        rest = [label for label in labels[at + 1 :] if label != "dualstack"]
        before = ".".join(labels[:at])
        if _S3_LABEL.fullmatch(labels[at]) and len(rest) <= 1:
            return _s3_host(labels[at].removesuffix("-fips"), before, rest[0] if rest else None)
        dashed = _S3_DASHED.fullmatch(labels[at])
        if dashed and not rest:
            return _s3_host(dashed[1], before, dashed[2])
        if _S3_ZONE.fullmatch(labels[at]) and len(rest) == 1:
            return _s3_host("s3", before, rest[0])
        if labels[at] == "accesspoint" and rest == ["s3-global"]:
            return Host(service="s3-accesspoint", resource=before, bucket=before)
    return None


def _s3_host(kind: str, before: str, region: str | None) -> Host:
    if kind == "s3-control":
        return Host(service=kind, region=region, account=before or None)
    if kind in ("s3-accesspoint", "s3-object-lambda") and before:
        name, _, account = before.rpartition("-")
        if not (name and account.isdigit() and len(account) == 12):
            return Host(service=kind, region=region, resource=before)
        service = "s3" if kind == "s3-accesspoint" else kind
        # The clients name an access point by its ARN and turn it into a host; this is the way back.
        partition = "aws-cn" if region and region.startswith("cn-") else "aws"
        arn = f"arn:{partition}:{service}:{region or ''}:{account}:accesspoint/{name}"
        return Host(service=kind, region=region, bucket=arn, account=account, resource=name)
    return Host(service=kind, region=region, bucket=before or None)


def _service(labels: list[str]) -> Host | None:
    """The first run of labels that is an endpoint prefix and leaves at most a Region behind it."""
    prefixes = service_index.endpoint_prefixes()
    for at in range(len(labels)):
        for width in (2, 1):
            prefix = ".".join(labels[at : at + width]).removesuffix("-fips")
            prefix = _ALIASES.get(prefix, prefix)
            after = [label for label in labels[at + width :] if label != "dualstack"]
            if prefix in prefixes and len(after) <= 1:
                return _service_host(prefix, labels[:at], after[0] if after else None)
    return None


def _service_host(prefix: str, before: list[str], region: str | None) -> Host:
    if prefix == "sqs" and len(before) == 1 and region is None:
        return Host(service=prefix, region=before[0])  # REGION.queue.amazonaws.com, the oldest form
    resource = ".".join(before) or None
    account = before[0] if before and before[0].isdigit() and len(before[0]) == 12 else None
    return Host(service=prefix, region=region, account=account, resource=resource)
