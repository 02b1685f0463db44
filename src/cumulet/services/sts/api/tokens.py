"""Credentials of users and roots that end, and what can be told of credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from cumulet.kernel import denials, identity
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.records import replace
from cumulet.services.sts import credentials, session_policies, session_tags
from cumulet.services.sts.api.base import Base, without_key
from cumulet.services.sts.errors import InvalidAuthorizationMessageException, ValidationError

_DEFAULT_SECONDS = 43_200
_ROOTS_SECONDS = 3600
"""The longest that credentials of a root last; more is cut to it (AWS STS API Reference)."""


class Tokens(Base):
    async def get_caller_identity(self) -> dict[str, Any]:
        caller = self.caller
        return {"UserId": caller.id or caller.account, "Account": caller.account, "Arn": caller.arn}

    async def get_session_token(
        self,
        *,
        DurationSeconds: int | None = None,
        SerialNumber: str | None = None,
        TokenCode: str | None = None,
    ) -> dict[str, Any]:
        self._refuse_sessions("GetSessionToken")
        mfa = await self._mfa(SerialNumber, TokenCode)
        session = self._own_session(self._lasts(DurationSeconds), mfa=mfa)
        return credentials.session_answer(self._issue(replace(without_key(self.caller), session=session)), None)

    async def get_federation_token(
        self,
        *,
        Name: str,
        Policy: str | None = None,
        PolicyArns: Sequence[Mapping[str, str]] = (),
        DurationSeconds: int | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        """Without session policies the federated user may do nothing but what resource policies let it."""
        self._refuse_sessions("GetFederationToken")
        policies = await self._policies(Policy, PolicyArns)
        tags = session_tags.of_request(Tags, ())
        packed = session_policies.packed_percent(policies, tags.all) or 0
        session = self._own_session(
            self._lasts(DurationSeconds), name=Name, policies=policies.texts, policy_arns=policies.arns, tags=tags.all
        )
        federated = Caller(
            kind=Kind.FEDERATED,
            account=self.caller.account,
            arn=f"arn:{self.scope.partition}:sts::{self.caller.account}:federated-user/{Name}",
            id=f"{self.caller.account}:{Name}",
            principal=self.caller.arn,
            session=session,
        )
        answer = credentials.session_answer(self._issue(federated), packed)
        return answer | {"FederatedUser": {"FederatedUserId": federated.id, "Arn": federated.arn}}

    async def get_access_key_info(self, *, AccessKeyId: str) -> dict[str, Any]:
        """The account is written in the id; whether the key is in use, this does not tell."""
        account = identity.account_of_key(AccessKeyId)
        if account is None:
            raise ValidationError(f"Invalid access key ID: {AccessKeyId}")
        return {"Account": account}

    async def decode_authorization_message(self, *, EncodedMessage: str) -> dict[str, Any]:
        try:
            return {"DecodedMessage": denials.decode(self.kernel.keyring, EncodedMessage)}
        except ValueError:
            raise InvalidAuthorizationMessageException from None

    def _lasts(self, wanted: int | None) -> timedelta:
        seconds = wanted or _DEFAULT_SECONDS
        return timedelta(seconds=min(seconds, _ROOTS_SECONDS) if self.caller.kind is Kind.ROOT else seconds)
