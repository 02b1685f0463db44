"""What the operations of STS share: looking up roles, deciding, and making credentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel import identity, sessions
from cumulet.kernel.access import Need
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.identity import Caller, Kind, Session
from cumulet.kernel.records import replace
from cumulet.kernel.service import Service
from cumulet.kernel.sessions import Credentials
from cumulet.kernel.store import ReadTransaction
from cumulet.services.sts import access, assumed, session_policies
from cumulet.services.sts.assumed import Role
from cumulet.services.sts.errors import AccessDenied, MissingAuthenticationToken, ValidationError
from cumulet.services.sts.session_policies import SessionPolicies

_WRONG_CODE = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
_WRONG_DEVICE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and "
    "associated with this user."
)
_HALF = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."


class Base(Service):
    async def authorise(self, operation: str, parameters: dict[str, Any]) -> None:
        if operation not in access.PROVED and self.caller.kind is Kind.ANONYMOUS:
            raise MissingAuthenticationToken
        if operation not in access.DECIDED_LATER:
            await super().authorise(operation, parameters)

    def needs(self, tx: ReadTransaction, operation: str, parameters: Mapping[str, Any]) -> Iterable[Need]:
        return access.needs(self.scope, operation, parameters)

    async def _role(self, arn: str) -> Role | None:
        """The role, if there is one. Raises ValidationError for what is no ARN."""
        account = assumed.account_in(arn)
        if account is None:
            return None
        try:
            found = await self.client("iam", account=account).role_for_session(RoleArn=arn)
        except ServiceError as error:
            if error.code != "NoSuchEntity":
                raise
            return None
        return Role(
            arn=found["Arn"], id=found["RoleId"], name=found["RoleName"], account=account,
            trust=found["AssumeRolePolicyDocument"], longest_seconds=found["MaxSessionDuration"], tags=found["Tags"],
        )  # fmt: skip

    async def _policies(self, policy: str | None, arns: Sequence[Mapping[str, str]]) -> SessionPolicies:
        """Session policies whose ARNs name policies that exist."""
        policies = session_policies.of_request(policy, arns)
        for arn in policies.arns:
            if await self.store.read(self.kernel.authority.managed_policy, arn) is None:
                raise ValidationError(f"ARN {arn} is not valid.")
        return policies

    async def _mfa(self, serial: str | None, code: str | None) -> datetime | None:
        """When the caller has shown a code of its device: now. None where it has shown none. Raises AccessDenied."""
        if serial is None and code is None:
            return None
        if serial is None or code is None:
            raise AccessDenied(_HALF)
        client = self.client("iam", account=self.caller.account)
        shown = await client.use_mfa_code(OwnerId=self.caller.id, SerialNumber=serial, TokenCode=code)
        if not shown["Valid"]:
            raise AccessDenied(_WRONG_CODE if shown["Known"] else _WRONG_DEVICE)
        return self.clock.now()

    def _issue(self, caller: Caller) -> Credentials:
        return sessions.issue(self.kernel.keyring, self.kernel.ids, caller, self.clock.now())

    def _own_session(self, lasts: timedelta, **settings: Any) -> Session:
        issued = self.clock.now().replace(microsecond=0)
        return Session(issued=issued, expires=issued + lasts, **settings)

    def _refuse_sessions(self, operation: str) -> None:
        """Long-term credentials only, and no service. Raises AccessDenied."""
        if self.caller.session is not None or self.caller.kind not in (Kind.ROOT, Kind.USER):
            raise AccessDenied(f"Cannot call {operation} with session credentials")

    async def _refuse_root(self, words: str) -> None:
        """A root with a key that this cloud issued. One that is only trusted to be a root may act as an
        administrator, so that what people have written for their own accounts works unsigned. Raises AccessDenied."""
        if self.caller.kind is not Kind.ROOT:
            return
        key = await self.store.read(identity.find_key, self.caller.access_key)
        if key is not None or self.caller.session is not None:
            raise AccessDenied(words)

    async def _demand(self, needs: list[Need]) -> None:
        """Raise unless the caller meets all needs."""
        self.needs_asked = needs
        for need in needs:
            await self.store.read(self.kernel.authority.demand, self, need)

    async def _demand_of(self, outsider: Caller, needs: list[Need], words: str) -> None:
        """Raise AccessDenied unless all needs are met by somebody for whom only a provider vouches yet."""
        self.needs_asked = needs
        for need in needs:
            decision = await self.store.read(self.kernel.authority.decide, outsider, self.scope, self.request, need)
            if not decision.allowed:
                raise AccessDenied(words)


def without_key(caller: Caller) -> Caller:
    return replace(caller, access_key="")
