"""The operations about passwords. Hashing takes long, so it happens beside the event loop and outside the rules."""

from __future__ import annotations

import asyncio
from typing import Any

from cumulet.kernel.authz.decisions import Layer, Reason
from cumulet.kernel.errors import AccessDenied
from cumulet.kernel.identity import Kind
from cumulet.services.iam import password_policy, passwords
from cumulet.services.iam.api.own import Own
from cumulet.services.iam.credential_errors import InvalidUserType
from cumulet.services.iam.errors import ValidationError
from cumulet.services.iam.owners import Owner
from cumulet.services.iam.passwords import Hashed, LoginProfile

_MISSING = (Layer.IDENTITY, Reason.IMPLICIT_DENY)
"""What refused a caller who only lacks a policy that allows."""


class LoginProfiles(Own):
    async def authorise(self, operation: str, parameters: dict[str, Any]) -> None:
        """Where the password policy lets users change their passwords, that is as good as a policy that allows it. A
        policy that denies it is stronger."""
        try:
            await super().authorise(operation, parameters)
        except AccessDenied as refusal:
            because = refusal.because
            mine = operation == "change_password" and self.caller.kind is Kind.USER
            if not mine or because is None or (because.layer, because.reason) != _MISSING:
                raise
            policy = await self.store.read(password_policy.find, self.scope.account)
            if policy is None or not policy.users_may_change:
                raise

    async def create_login_profile(
        self, *, UserName: str | None = None, Password: str | None = None, PasswordResetRequired: bool = False
    ) -> dict[str, Any]:
        if Password is None:
            raise ValidationError("A password is required.")
        hashed = await asyncio.to_thread(passwords.hashed, Password, self.kernel.ids.bytes(passwords.SALT_BYTES))
        rule = passwords.create
        owner, profile = await self._told(UserName, rule, hashed, reset_required=PasswordResetRequired)
        return {"LoginProfile": _shown(owner, profile)}

    async def get_login_profile(self, *, UserName: str | None = None) -> dict[str, Any]:
        owner, profile = await self._seen(UserName, passwords.get)
        return {"LoginProfile": _shown(owner, profile)}

    async def update_login_profile(
        self, *, UserName: str, Password: str | None = None, PasswordResetRequired: bool | None = None
    ) -> dict[str, Any]:
        _, profile = await self._seen(UserName, passwords.get)
        hashed = None if Password is None else await _hashed(Password, profile)
        await self._owned(UserName, passwords.update, hashed, reset_required=PasswordResetRequired)
        return {}

    async def delete_login_profile(self, *, UserName: str | None = None) -> dict[str, Any]:
        await self._owned(UserName, passwords.delete)
        return {}

    async def change_password(self, *, OldPassword: str, NewPassword: str) -> dict[str, Any]:
        if self.caller.kind is not Kind.USER:
            raise InvalidUserType
        _, profile = await self._seen(None, passwords.get)
        old, new = await _hashed(OldPassword, profile), await _hashed(NewPassword, profile)
        await self._owned(None, passwords.change, old, new)
        return {}


async def _hashed(password: str, profile: LoginProfile) -> Hashed:
    return await asyncio.to_thread(passwords.hashed, password, profile.salt)


def _shown(owner: Owner, profile: LoginProfile) -> dict[str, Any]:
    return {**owner.named, "CreateDate": profile.created, "PasswordResetRequired": profile.reset_required}
