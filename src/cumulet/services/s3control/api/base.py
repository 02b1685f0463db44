"""What the operations of S3 Control share: the account that a call is about, S3 behind it, and pages."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import Kind
from cumulet.kernel.kernel import Client
from cumulet.kernel.service import Service
from cumulet.services.s3control.errors import AccessDenied, InvalidArgument

MOST_LISTED = 1000


class ControlBase(Service):
    principal = "batchoperations.s3"
    """Whom the roles of batch jobs trust; nothing else of S3 Control calls in its own name."""
    has_resource_policies = False

    async def authorise(self, operation: str, parameters: dict[str, Any]) -> None:
        """An account's own principals may do what their policies say, others nothing. Raises AccessDenied."""
        if self.caller.kind is Kind.ANONYMOUS or parameters.get("AccountId") != self.caller.account:
            raise AccessDenied
        await super().authorise(operation, parameters)

    def denial(self, message: str) -> ServiceError:
        return AccessDenied(message)

    @property
    def s3(self) -> Client:
        """S3 as it serves S3 Control, for the caller's account and Region."""
        return self.client("s3")


def page_size(wanted: int | None) -> int:
    if wanted is not None and wanted < 0:
        raise InvalidArgument("maxResults must not be negative", ArgumentName="maxResults", ArgumentValue=str(wanted))
    return min(MOST_LISTED if wanted is None else wanted or MOST_LISTED, MOST_LISTED)


def token_of(last: str) -> str:
    """A token is opaque: clients must not build one from a name."""
    return base64.urlsafe_b64encode(b"1" + last.encode()).decode()


def after_token(token: str | None) -> str:
    """Where to go on. Raises InvalidArgument."""
    if token is None:
        return ""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
        if raw[:1] == b"1":
            return raw[1:].decode()
    except (binascii.Error, ValueError):
        pass
    raise InvalidArgument("The continuation token provided is incorrect", ArgumentName="nextToken")
