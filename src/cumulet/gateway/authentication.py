"""From a signature to a caller: whose key it is, whether that is proven, and whether trust stands in for proof."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cumulet.gateway import signature_errors, sigv4
from cumulet.gateway.http import Request
from cumulet.gateway.origins import is_own_host, is_own_origin
from cumulet.gateway.signature_errors import Dialect
from cumulet.gateway.sigv4 import Anonymous, Signature
from cumulet.kernel import identity, models, sessions
from cumulet.kernel.identity import Caller
from cumulet.kernel.kernel import Kernel


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the gateway believes without proof.

    `unknown_keys` is local trust, and only ever on for a loopback listener. `domains` are host suffixes of this
    cloud's own, `origins` the web pages that may act with local trust, beside the built-in ones."""

    unknown_keys: bool = True
    domains: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identified:
    """A caller, and what was needed to know: the signature, and its secret where Cumulet issued the key."""

    caller: Caller
    signature: Signature | None = None
    secret: str | None = None


async def identify(
    kernel: Kernel, trust: Trust, request: Request, signature: Signature | Anonymous, dialect: Dialect
) -> Identified:
    """Who signed. Raises SignatureError for a key that is neither issued nor trusted, or a time that is not now.

    A key that was issued once, and is deleted or inactive now, is not an unknown one that might be trusted."""
    if isinstance(signature, Anonymous):
        return Identified(identity.ANONYMOUS)
    key = await kernel.store.read(identity.find_key, signature.access_key)
    if key is not None and key.active:
        return Identified(key.caller, signature, key.secret)
    is_ours = key is not None or identity.is_ours(signature.access_key)
    if is_ours and signature.token and signature.access_key.startswith(identity.TEMPORARY):
        return _of_session(kernel, signature, signature.token, dialect)
    if is_ours or not trust.unknown_keys:
        raise signature_errors.unknown_key(dialect, signature.access_key)
    sigv4.check_time(signature, now=kernel.clock.now(), kind=dialect, signed_at=_translation(kernel))
    if not is_own_host(request.headers.get("host", ""), trust.domains):
        return Identified(identity.ANONYMOUS)
    if not _is_of_own_page(request, trust):
        return Identified(identity.distrusted(signature.access_key), signature)
    return Identified(identity.trusted_caller(signature.access_key), signature)


def prove(kernel: Kernel, request: Request, identified: Identified, dialect: Dialect, service: str) -> str | None:
    """Check the signature of an issued key. Returns what the body must turn out to be: a hash, or a STREAMING word.

    The body may be still to come, where the request states its hash. Raises SignatureError."""
    signature = identified.signature
    if signature is None:
        return _claim_of_strangers(request)
    if identified.secret is not None and signature.service not in _scopes(service):
        raise signature_errors.wrong_service(dialect, signature.service, models.load(service).signing_name)
    claim = sigv4.payload_claim(request, signature, dialect) if signature.place != "form" else None
    if identified.secret is not None:
        payload_hash = claim or (_hash(request.body) if isinstance(request.body, bytes) else sigv4.UNSIGNED)
        sigv4.verify(
            request, signature, identified.secret, now=kernel.clock.now(), payload_hash=payload_hash, kind=dialect,
            signed_at=_translation(kernel),
        )  # fmt: skip
    return claim


def _of_session(kernel: Kernel, signature: Signature, token: str, dialect: Dialect) -> Identified:
    try:
        opened = sessions.open_token(kernel.keyring, token, signature.access_key)
    except sessions.InvalidToken:
        raise signature_errors.invalid_token(dialect, token) from None
    session = opened.caller.session
    if session is None or session.expires <= kernel.clock.now():
        raise signature_errors.expired_token(dialect, token)
    return Identified(opened.caller, signature, opened.secret)


def _translation(kernel: Kernel) -> Callable[[datetime], datetime] | None:
    """From a client's wall clock to the cloud's time; needed once the cloud's clock was moved."""
    return kernel.clock.at if kernel.clock.was_moved else None


def _claim_of_strangers(request: Request) -> str | None:
    """Nobody signed, but the body may still say how it is framed and what its hash is."""
    claim = request.headers.get("x-amz-content-sha256")
    return None if claim == sigv4.UNSIGNED else claim


def _is_of_own_page(request: Request, trust: Trust) -> bool:
    origin = request.headers.get("origin")
    return origin is None or is_own_origin(origin, trust.origins)


@functools.cache
def _scopes(service: str) -> frozenset[str]:
    """What a signature for a service may name as the service that it is for."""
    if service in ("s3", "s3control"):
        return frozenset(("s3", "s3express", "s3-object-lambda", "s3-outposts"))
    model = models.load(service)
    return frozenset((model.signing_name, model.endpoint_prefix, service))


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
