"""The parsers of all services and protocols, also of those that no service uses yet, without a server between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import cbor2
import pytest

from cumulet.gateway import protocols as ours
from cumulet.gateway import validation
from cumulet.gateway.http import Request
from cumulet.gateway.protocols import MalformedInput
from cumulet.gateway.validation import InvalidInput
from cumulet.kernel import models
from tests.fuzz import mutations
from tests.fuzz.raw import Raw
from tests.fuzz.target import SECONDS, SEED
from tests.gateway.samples import Samples
from tests.gateway.wire import operation_model, request_for

SERVICES = {
    "json": ("dynamodb", "kms", "logs"),
    "rest-json": ("lambda", "apigateway", "eks"),
    "rest-xml": ("s3", "cloudfront", "route53", "s3control"),
    "query": ("sns", "iam", "cloudformation", "sqs"),
    "ec2": ("ec2",),
    "smithy-rpc-v2-cbor": ("cloudwatch", "arc-region-switch"),
}


@pytest.mark.parametrize("protocol", SERVICES)
def test_a_parser_refuses_what_it_cannot_read_and_fails_at_nothing(protocol):
    until = time.monotonic() + SECONDS / 4
    number = 0
    while time.monotonic() < until or number <= 20:
        pick = random.Random(f"{SEED}.{protocol}.{number}")
        service = pick.choice(SERVICES[protocol])
        operation = pick.choice(list(models.load(service).operations))
        _parse(service, operation, protocol, pick, f"seed {SEED}, {protocol} number {number}: {service}.{operation}")
        number += 1
    assert number > 20


def _parse(service: str, operation: str, protocol: str, pick: random.Random, name: str) -> None:
    request = _harmed(_good(service, operation, protocol, pick), protocol, pick)
    try:
        ours.detect(models.load(service), request)
        parameters = ours.codec(models.load(service), operation, protocol).parse(request, None)
        validation.check(models.load(service), operation, parameters)
    except (MalformedInput, InvalidInput):
        return
    except Exception as error:
        raise AssertionError(f"{name}: {error!r} at {request!r}") from error


def _good(service: str, operation: str, protocol: str, pick: random.Random) -> Request:
    shape = operation_model(service, operation).input_shape
    params = Samples(str(pick.random()), protocol, size=pick.choice((20, 100))).input(shape) if shape else {}
    known = {"query", "ec2", *_protocols(service)}
    return request_for(service, operation, params, protocol if protocol in known else None)


def _protocols(service: str) -> list[str]:
    metadata = operation_model(service, next(iter(models.load(service).operations))).service_model.metadata
    return metadata.get("protocols") or [metadata["protocol"]]


def _harmed(good: Request, protocol: str, pick: random.Random) -> Request:
    body = good.body if isinstance(good.body, bytes) else b""
    target = good.path + ("?" + good.query if good.query else "")
    headers = [(name.encode(), value.encode()) for name, value in good.headers.items()]
    raw = Raw(good.method.encode(), target.encode(), headers, body)
    for _ in range(pick.choice((1, 2))):
        harm = pick.choice((*_BODIES.get(protocol, ()), mutations.mutated))
        raw = harm(raw, pick)
    path, _, query = raw.target.decode("latin-1").partition("?")
    sent = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw.headers}
    return Request(raw.method.decode(), path, query, sent, raw.body)


def _harmed_cbor(raw: Raw, pick: random.Random) -> Raw:
    try:
        value = cbor2.loads(raw.body)
    except Exception:
        return mutations.harmed_body(raw, pick)
    if isinstance(value, dict) and value:
        value[pick.choice(list(value))] = pick.choice(_CBOR)(pick)
    try:
        body = cbor2.dumps(value)
    except (ValueError, cbor2.CBOREncodeError):  # what cannot be written cannot be sent
        return mutations.harmed_body(raw, pick)
    at = pick.randint(0, len(body))
    return Raw(raw.method, raw.target, raw.headers, body + pick.choice(_CBOR_TAILS) if at % 3 else body[:at])


def _harmed_form(raw: Raw, pick: random.Random) -> Raw:
    pairs = raw.body.split(b"&")
    at = pick.randrange(len(pairs))
    name, _, value = pairs[at].partition(b"=")
    index = pick.choice((b"0", b"-1", b"1", b"999999999", b"9" * 400, b"", b"01", b"1e3", b"\xd9\xa3", b"member"))
    pairs[at] = pick.choice(
        (
            name.replace(b".1", b"." + index) + b"=" + value, name + b"." + index + b"=" + value,
            name + b"=" + mutations.odd(pick),
            name + b"." * 300 + b"=1", b".".join([name] * 100) + b"=1", b"=" + value, name,
            pairs[at] + b"&" + pairs[at],
            b"&".join(name + b".member.%d=1" % n for n in range(2, 3000)), b"%=%", b"&&&&",
        )
    )  # fmt: skip
    return Raw(raw.method, raw.target, raw.headers, b"&".join(pairs))


_CBOR: tuple[Callable[[random.Random], Any], ...] = (
    mutations.odd_json,
    lambda pick: 2 ** pick.choice((63, 64, 65, 1000)),
    lambda pick: -(2 ** pick.choice((63, 64, 65, 1000))),
    lambda pick: cbor2.CBORTag(pick.choice((0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 258, 55799)), pick.choice(
        (0, -1, 1e300, float("nan"), "x", b"x", [1, 0], [], None, "9999-12-31T23:59:60Z", 2**70))),
    lambda pick: pick.randbytes(9),
    lambda pick: {1: 2, b"x": [], None: {}},
)  # fmt: skip
_CBOR_TAILS = (
    b"",
    b"\xff",
    b"\x9f" * 500,
    b"\x81" * 5000,
    b"\xbb" + b"\xff" * 8,
    b"\x5b" + b"\x7f" + b"\xff" * 7,
    b"\xfb",
)
_BODIES = {
    "json": (mutations.harmed_values,), "rest-json": (mutations.harmed_values,), "rest-xml": (mutations.harmed_values,),
    "query": (_harmed_form,), "ec2": (_harmed_form,), "smithy-rpc-v2-cbor": (_harmed_cbor,),
}  # fmt: skip
