"""Good requests for every operation that is implemented: what the mutations begin with."""

from __future__ import annotations

import random
import time
from typing import Any

from botocore.model import Shape

from cumulet.kernel.kernel import operations
from cumulet.kernel.models import load, method_name
from cumulet.kernel.registry import Registry
from tests.fuzz.good import GOOD, THERE
from tests.fuzz.raw import Raw
from tests.gateway.samples import Samples
from tests.gateway.wire import operation_model, protocols, request_for

IMPLEMENTED = ("s3", "sqs")


class Things:
    """What exists on the server, so that requests get further than "not found"."""

    def __init__(self, values: dict[str, list[Any]]) -> None:
        self._values = values

    def good(self, service: str, operation: str, pick: random.Random) -> dict[str, Any] | None:
        """Parameters that the operation accepts, where some are written down."""
        written = GOOD[service].get(operation)
        if written is None:
            return None
        chosen = pick.choice(written)
        return {name: pick.choice(self._values[name]) if value is THERE else value for name, value in chosen.items()}

    def fill(self, params: dict[str, Any], pick: random.Random) -> dict[str, Any]:
        """The same parameters, with names of what is there, mostly."""
        return {
            name: pick.choice(self._values[name]) if name in self._values and pick.random() < 0.9 else value
            for name, value in params.items()
        }


def implemented(service: str) -> list[str]:
    """The operations of the service that its class has, by their API names."""
    methods = set(operations(Registry("cumulet.services").load(service)))
    return [name for name in load(service).operations if method_name(name) in methods]


def request(service: str, operation: str, seed: str, things: Things, account: str) -> Raw:
    """One good request, pseudo-random by `seed`."""
    pick = random.Random(seed)
    protocol = pick.choice(protocols(service))
    shape = operation_model(service, operation).input_shape
    params = things.good(service, operation, pick) if pick.random() < 0.7 else None
    if params is None:
        params = Samples(seed, protocol, size=pick.choice((10, 60, 150))).input(shape) if shape else {}
        params = things.fill(_thinned(params, shape, pick), pick)
    return as_raw(service, operation, params, protocol, account)


def as_raw(service: str, operation: str, params: dict[str, Any], protocol: str | None, account: str) -> Raw:
    made = request_for(service, operation, params, protocol)
    target = made.path + ("?" + made.query if made.query else "")
    headers = [
        (name.encode(), value.encode("utf-8"))
        for name, value in made.headers.items()
        if name not in ("host", "content-length", "authorization", "transfer-encoding", "expect")
    ]
    body = made.body if isinstance(made.body, bytes) else b""
    raw = Raw(made.method.encode(), target.encode(), headers, body, name=f"{service}.{operation}")
    raw.headers = signed(raw, service, account)
    return raw


def signed(raw: Raw, service: str, account: str) -> list[tuple[bytes, bytes]]:
    """Headers in the form of a signature of now: for a key that the cloud did not issue, no more is asked."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()).encode()
    scope = b"%s/%s/us-east-1/%s/aws4_request" % (account.encode(), stamp[:8], service.encode())
    proof = b"AWS4-HMAC-SHA256 Credential=" + scope + b", SignedHeaders=host;x-amz-date, Signature=" + b"0" * 64
    added = [(b"Authorization", proof), (b"X-Amz-Date", stamp)]
    if service == "s3" and raw.header(b"x-amz-content-sha256") is None:
        added.append((b"X-Amz-Content-SHA256", b"UNSIGNED-PAYLOAD"))
    return raw.headers + added


def _thinned(params: dict[str, Any], shape: Shape | None, pick: random.Random) -> dict[str, Any]:
    """Only some of what is optional: conditions and checksums together refuse nearly everything."""
    chance = pick.choice((0.1, 0.3, 0.6, 1.0))
    required = shape.required_members if shape else ()
    return {name: value for name, value in params.items() if name in required or pick.random() < chance}
