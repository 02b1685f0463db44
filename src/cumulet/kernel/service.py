"""The base of every service: a server-side boto3.

A service class has one async method per API operation, named as boto3 names it, with the API's members as keyword
arguments, returning the dict that a boto3 user gets. An object of it is made for each call and knows what a call
knows: who calls, for which account and Region, and what it may use."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from cumulet.kernel import actions, authority, identity, sessions
from cumulet.kernel.access import Need
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.forgetting import forget
from cumulet.kernel.identity import Caller
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import Departure

if TYPE_CHECKING:
    from cumulet.kernel.blobs import Blobs
    from cumulet.kernel.kernel import Client, Kernel
    from cumulet.kernel.store import ReadTransaction, Transaction

Method = TypeVar("Method", bound=Callable[..., Any])


class Fidelity(enum.StrEnum):
    """What stands behind an operation that answers success."""

    REAL = "real"
    STORED = "stored"
    """Kept, validated and returned, but without effect elsewhere (yet)."""


class Answered(NamedTuple):
    """An answer as a log tells it. `code` is an error's, else empty; `size` counts the body's bytes, if known."""

    status: int
    code: str
    size: int | None


Witness = Callable[[Answered], Awaitable[None]]


@dataclass(slots=True)
class RequestInfo:
    """What a few services need to know of the request itself. For calls from inside, most of it is empty."""

    id: str = ""
    endpoint: str = "http://127.0.0.1:4566"
    """Scheme, host and port as the client addressed us; URLs in answers begin with it."""
    source_ip: str = "127.0.0.1"
    user_agent: str = ""
    secure: bool = False
    method: str = ""
    path: str = ""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    trailers: Mapping[str, str] = field(default_factory=dict)
    """What followed the body; complete when the body has been read."""
    departure: Departure | None = None
    """For who waits: returns when the client has gone away. Calls from inside have no client who could."""


@dataclass(slots=True)
class Reply:
    """What an answer carries beside the operation's output: a status that the model does not give (206 for a part of
    an object), headers that no model describes."""

    headers: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    cors: dict[str, str] = field(default_factory=dict)
    """The headers by which a page of another origin may read the answer, also if it is a refusal."""
    witness: Witness | None = None
    """Told of the answer just before it is sent, whatever it is: for logs of requests."""


class RawAnswer(Record):
    """An HTTP answer as it is, for the few operations that no model describes (websites, preflights, form uploads).

    `body` is bytes or an async iterator of bytes."""

    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012 - records are frozen
    body: Any = b""


def stored(method: Method) -> Method:
    """Mark an operation that only keeps and returns what it was given."""
    method.fidelity = Fidelity.STORED  # type: ignore[attr-defined]
    return method


def job(method: Method) -> Method:
    """Mark a method that runs as a job: `tx.schedule(at, "service.method", payload)`. Its keywords are the payload."""
    method.is_job = True  # type: ignore[attr-defined]
    return method


def internal(method: Method) -> Method:
    """Mark a public method that is no operation of the API: other services call it, clients of the cloud cannot."""
    method.is_internal = True  # type: ignore[attr-defined]
    return method


class Service:
    """Derive from this in `services/NAME/service.py`. The rules belong into modules named by nouns."""

    name: ClassVar[str] = ""
    """As boto3 names the service; its package is named so too, as far as Python can (registry.package_name)."""

    principal: ClassVar[str] = ""
    """As policies name the service: "states" for states.amazonaws.com. Its name, unless it says otherwise."""

    absent: ClassVar[Mapping[str, str]] = {}
    """Of operations that are missing for a reason of their own, what is to be said to those who call them."""

    has_resource_policies: ClassVar[bool] = True
    """Whether resources of the service have policies, which could refuse even the root of their account."""

    data_operations: ClassVar[frozenset[str]] = frozenset()
    """The methods whose calls are CloudTrail data events: many, and recorded in full only where a trail asks."""

    unmodelled: ClassVar[Mapping[str, str]] = {}
    """Methods that no model describes, and the operations as which the audit record tells of them."""

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        parts = cls.__module__.split(".")
        if parts[:2] == ["cumulet", "services"]:
            cls.name = parts[2].removesuffix("_").replace("_", "-")
        cls.principal = cls.__dict__.get("principal") or cls.principal or cls.name

    def __init__(
        self, kernel: Kernel, caller: Caller, scope: Scope, request: RequestInfo, reply: Reply | None = None
    ) -> None:
        self.kernel = kernel
        self.reply = reply or Reply()
        self.caller = caller
        self.scope = scope
        self.request = request
        self.store = kernel.store
        self.blobs = kernel.blobs
        self.clock = kernel.clock
        self.needs_asked: Sequence[Need] = ()
        """What the call had to be permitted, for the audit record."""

    def client(
        self, service: str, *, region: str | None = None, account: str | None = None, source_arn: str = ""
    ) -> Client:
        """Another service, called in process as this service's principal: authorised and recorded as any call.

        `source_arn` is the resource, of this account, for whose sake the call is made."""
        caller = identity.service_principal(
            self.principal, account or self.scope.account, source_arn=source_arn, source_account=self.scope.account
        )
        return self.kernel.client(caller, service, region or self.scope.region)

    def on_behalf(self, service: str, *, region: str | None = None) -> Client:
        """Another service, called through this one for whom this call is for: with the caller's own permissions.

        Source: IAM User Guide, Forward access sessions."""
        caller = replace(self.caller, via=(*self.caller.via, f"{self.principal}.amazonaws.com"))
        return self.kernel.client(caller, service, region or self.scope.region)

    async def assume(self, role: str, session_name: str, *, source_arn: str = "") -> Caller:
        """This service in a role that trusts it: who it is then, for an hour. Raises what AssumeRole raises.

        `kernel.client(caller, ...)` calls with the role's permissions."""
        client = self.client("sts", account=arn_account(role), source_arn=source_arn)
        given = (await client.assume_role(RoleArn=role, RoleSessionName=session_name))["Credentials"]
        return sessions.open_token(self.kernel.keyring, given["SessionToken"], given["AccessKeyId"]).caller

    @classmethod
    def reset(cls, tx: Transaction, blobs: Blobs, account: str | None) -> None:
        """A rule that forgets all state of the service, or what it keeps for one account. Here: the keys that begin
        with the service's name, then the account's, and the blobs in their records."""
        forget(tx, blobs, (cls.name,) if account is None else (cls.name, account))

    async def authorise(self, operation: str, parameters: dict[str, Any]) -> None:
        """Raise unless the caller may do this."""
        await self.store.read(self.kernel.authority.admit, self, operation, parameters)

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        """What the caller has to be permitted. Here: what the published authorization data says of the operation.

        A service says it itself where it knows more: who owns a resource, what its policy is, how it is tagged."""
        return actions.needs(self.name, operation, self.scope, parameters)

    def denial(self, message: str) -> ServiceError:
        """The error that refuses who may not, in the service's form."""
        return authority.denial(self.name, message)


def arn_account(arn: str) -> str:
    """The account in an ARN, or nothing."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def fidelity(method: Callable[..., Any]) -> Fidelity:
    label: Fidelity = getattr(method, "fidelity", Fidelity.REAL)
    return label
