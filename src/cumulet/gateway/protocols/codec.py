"""What every protocol offers for an operation: reading a request, writing an answer, writing an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from cumulet.gateway.http import Request, Response

Params = dict[str, Any]


class MalformedInput(Exception):
    """The bytes of a request are not what its protocol and model allow; nothing was done.

    `code` and `status` are what AWS answers for the protocol."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class Parse(Protocol):
    """Read a request into the keyword arguments that a boto3 user would have written.

    Labels are the decoded parts of the path by name; None means: take them from the path. Raises MalformedInput."""

    def __call__(self, request: Request, labels: Mapping[str, str] | None = None) -> Params: ...


class Serialise(Protocol):
    """Write the dict that a boto3 user will read. A member with the value None is absent."""

    def __call__(self, output: Mapping[str, Any], request_id: str = "") -> Response: ...


class WriteError(Protocol):
    """Write an error. `code` is the new or the awsQuery one, `fault` is `sender` or `receiver`; `members` are
    members of the error's shape beside the message, or further elements where the protocol allows any."""

    def __call__(
        self,
        code: str,
        message: str,
        status: int | None = None,
        request_id: str = "",
        fault: str | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> Response: ...


class Codec(NamedTuple):
    parse: Parse
    serialise: Serialise
    error: WriteError


Convert = Callable[[Any], Any]


def without_body(response: Response) -> Response:
    """The answer to HEAD: the same status and headers, no body."""
    return Response(response.status, response.headers)
