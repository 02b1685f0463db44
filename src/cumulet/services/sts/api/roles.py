"""Roles that principals and services assume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cumulet.kernel.access import Value
from cumulet.kernel.identity import Kind
from cumulet.services.sts import access, assumed, credentials, session_policies, session_tags
from cumulet.services.sts.api.base import Base
from cumulet.services.sts.assumed import Wanted
from cumulet.services.sts.errors import AccessDenied

_ROOTS = "Roles may not be assumed by root accounts."


class Roles(Base):
    async def assume_role(
        self,
        *,
        RoleArn: str,
        RoleSessionName: str,
        PolicyArns: Sequence[Mapping[str, str]] = (),
        Policy: str | None = None,
        DurationSeconds: int | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
        TransitiveTagKeys: Sequence[str] = (),
        ExternalId: str | None = None,
        SerialNumber: str | None = None,
        TokenCode: str | None = None,
        SourceIdentity: str | None = None,
    ) -> dict[str, Any]:
        """A code of an MFA device is used up before anything is decided, since the trust policy may ask for it."""
        session = self.caller.session
        role = await self._role(RoleArn)
        await self._refuse_root(_ROOTS)
        if role is None or self.caller.kind is Kind.FEDERATED:
            raise AccessDenied(self._not_authorized(RoleArn))
        mfa = await self._mfa(SerialNumber, TokenCode)
        wanted = Wanted(
            name=RoleSessionName,
            policies=await self._policies(Policy, PolicyArns),
            tags=session_tags.of_request(Tags, TransitiveTagKeys, session),
            source_identity=assumed.source_identity(session, SourceIdentity),
            mfa=mfa,
            is_chained=self.caller.kind is Kind.ROLE,
        )
        await self._demand(access.to_assume("sts:AssumeRole", role, wanted, _context(ExternalId, mfa)))
        packed = session_policies.packed_percent(wanted.policies, wanted.tags.all)
        lasts = timedelta(seconds=assumed.seconds(role, DurationSeconds, is_chained=wanted.is_chained))
        caller = assumed.session(role, wanted, self.clock.now(), lasts)
        answer = credentials.session_answer(self._issue(caller), packed, wanted.source_identity)
        return answer | {"AssumedRoleUser": {"AssumedRoleId": caller.id, "Arn": caller.arn}}

    def _not_authorized(self, role_arn: str) -> str:
        return f"User: {self.caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"


def _context(external_id: str | None, mfa: datetime | None) -> dict[str, Value]:
    context: dict[str, Value] = {} if external_id is None else {"sts:externalid": external_id}
    if mfa is not None:
        context |= {"aws:multifactorauthpresent": "true", "aws:multifactorauthage": "0"}
    return context
