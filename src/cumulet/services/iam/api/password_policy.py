"""The operations about the account's password policy."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.service import Service
from cumulet.services.iam import password_policy
from cumulet.services.iam.password_policy import PasswordPolicy


class AccountPasswordPolicy(Service):
    async def update_account_password_policy(
        self,
        *,
        MinimumPasswordLength: int = 6,
        RequireSymbols: bool = False,
        RequireNumbers: bool = False,
        RequireUppercaseCharacters: bool = False,
        RequireLowercaseCharacters: bool = False,
        AllowUsersToChangePassword: bool = False,
        MaxPasswordAge: int | None = None,
        PasswordReusePrevention: int | None = None,
        HardExpiry: bool | None = None,
    ) -> dict[str, Any]:
        policy = PasswordPolicy(
            minimum_length=MinimumPasswordLength,
            symbols=RequireSymbols,
            numbers=RequireNumbers,
            uppercase=RequireUppercaseCharacters,
            lowercase=RequireLowercaseCharacters,
            users_may_change=AllowUsersToChangePassword,
            max_age_days=MaxPasswordAge,
            reuse_prevention=PasswordReusePrevention,
            hard_expiry=HardExpiry,
        )
        await self.store.write(password_policy.put, self.scope.account, policy)
        return {}

    async def get_account_password_policy(self) -> dict[str, Any]:
        return {"PasswordPolicy": _shown(await self.store.read(password_policy.get, self.scope.account))}

    async def delete_account_password_policy(self) -> dict[str, Any]:
        await self.store.write(password_policy.delete, self.scope.account)
        return {}


def _shown(policy: PasswordPolicy) -> dict[str, Any]:
    limits = {
        "MaxPasswordAge": policy.max_age_days,
        "PasswordReusePrevention": policy.reuse_prevention,
        "HardExpiry": policy.hard_expiry,
    }
    return {
        "MinimumPasswordLength": policy.minimum_length,
        "RequireSymbols": policy.symbols,
        "RequireNumbers": policy.numbers,
        "RequireUppercaseCharacters": policy.uppercase,
        "RequireLowercaseCharacters": policy.lowercase,
        "AllowUsersToChangePassword": policy.users_may_change,
        "ExpirePasswords": policy.max_age_days is not None,
        **{name: value for name, value in limits.items() if value is not None},
    }
