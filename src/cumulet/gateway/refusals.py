"""Every way in which a request can fail, as the one thing that the protocols know how to write."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cumulet.gateway.bodies import BodyTooLarge
from cumulet.gateway.chunked import BodyError
from cumulet.gateway.post_form import FormError
from cumulet.gateway.post_policy import PolicyError
from cumulet.gateway.protocols import MalformedInput
from cumulet.gateway.routing import Unroutable
from cumulet.gateway.signature_errors import SignatureError
from cumulet.gateway.validation import InvalidInput
from cumulet.kernel.errors import InternalError, ServiceError

log = logging.getLogger("cumulet.errors")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as a client will read it. `status` None takes the model's."""

    code: str
    message: str
    status: int | None = 400
    members: Mapping[str, Any] = field(default_factory=dict)
    query_code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal_of(error: Exception, service: str | None) -> Refusal:
    """What to answer. A bug of ours is logged in full, and told to nobody."""
    match error:
        case ServiceError():
            return Refusal(error.code, error.message, error.status, error.members, error.query_code, error.headers)
        case SignatureError() | Unroutable():
            return Refusal(error.code, str(error.message), error.status, error.extra)
        case BodyError() | FormError() | PolicyError():
            return Refusal(error.code, error.message, error.status, error.extra)
        case MalformedInput():
            return Refusal(error.code, error.message, error.status)
        case InvalidInput():
            return Refusal(error.code, error.message, error.status)
        case BodyTooLarge() if service in ("s3", "s3control"):
            return Refusal("MaxMessageLengthExceeded", "Your request was too big.", 400)
        case BodyTooLarge():
            return Refusal("RequestEntityTooLargeException", "Request size exceeded the limit.", 413)
    log.error("a request failed by a bug: %r", error, exc_info=error)
    return Refusal("InternalError" if service == "s3" else "InternalFailure", InternalError.message, 500)
