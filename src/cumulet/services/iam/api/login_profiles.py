"""The operations about passwords. Hashing takes long, so it happens beside the event loop and outside the rules."""

from __future__ import annotations

import asyncio
from typing import Any

from cumulet.kernel.identity import Kind
from cumulet.services.iam import passwords
from cumulet.services.iam.api.own import Own
from cumulet.services.iam.credential_errors import InvalidUserType
from cumulet.services.iam.errors import ValidationError
from cumulet.services.iam.owners import Owner
from cumulet.services.iam.passwords import Hashed, LoginProfile


class LoginProfiles(Own):
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
