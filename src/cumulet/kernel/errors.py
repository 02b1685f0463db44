"""What a service answers when it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from cumulet.kernel.access import Need
    from cumulet.kernel.authz import Decision


class ServiceError(Exception):
    """An API error. A subclass is named as the error's code, and says in `message` what AWS says.

    Status and fault come from the service's model unless the class (or the raiser) names them. Further members of the
    error's structure are given by keyword, spelled as the API spells them: `NoSuchKey(Key="a.txt")`."""

    code: ClassVar[str] = ""
    message: str = ""
    status: int | None = None
    """The HTTP status; None takes the model's, or 400."""
    query_code: str | None = None
    """What the older query protocol calls the error, where that differs (awsQueryCompatible)."""

    headers: Mapping[str, str] = MappingProxyType({})
    """Headers that go with the error, such as x-amz-delete-marker."""

    because: Decision | None = None
    """Of a refusal: what the policy engine decided, and what it had been asked (`cumulet explain`)."""
    asked: Need | None = None
    explained: dict[str, Any] | None = None
    """Of a refusal: every policy that was considered (authz.explain)."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        if "code" not in cls.__dict__:
            cls.code = cls.__name__

    def __init__(self, message: str | None = None, /, **members: Any) -> None:
        if message is not None:
            self.message = message
        self.members = members
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class NotImplementedYet(ServiceError):
    """An operation, or a part of one, that Cumulet does not have. It names what is missing."""

    code = "NotImplemented"
    status = 501


class AccessDenied(ServiceError):
    message = "Access Denied"
    status = 403


class AccessDeniedException(ServiceError):
    """AccessDenied as the JSON services call it."""

    status = 400


class InternalError(ServiceError):
    """A bug of ours. The words for the user give nothing away; the log has the rest."""

    message = "We encountered an internal error. Please try again."
    status = 500


class ClientGone(Exception):
    """The client went away while its request waited. Nobody is left to hear an answer."""
