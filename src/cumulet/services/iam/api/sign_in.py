"""Signing in, for the console and the HTTP door before it. No operation of AWS's API: clients cannot call it.

Who signs in has no credentials yet, so these are called in the name of sign-in itself (`signin.amazonaws.com`)."""

from __future__ import annotations

import asyncio
from typing import Any

from cumulet.kernel import accounts, sessions
from cumulet.kernel.records import replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import Service, internal
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam import mfa, owners, passwords, sign_in
from cumulet.services.iam.owners import Owner
from cumulet.services.iam.passwords import LoginProfile
from cumulet.services.iam.sign_in import Attempt, Step

_FOR = "signin.amazonaws.com"
_LONGEST = 256
_NOBODYS_SALT = b"\0" * passwords.SALT_BYTES
_REGION = "us-east-1"


class SignIn(Service):
    @internal
    async def sign_in(
        self,
        *,
        Account: str,
        Password: str,
        UserName: str | None = None,
        TokenCode: str | None = None,
        NewPassword: str | None = None,
    ) -> dict[str, Any]:
        """Try to sign in as a user of an account (its number or alias), or without UserName as the root whose e-mail
        address `Account` is. `State` tells how far it went; SUCCESS comes with Credentials, of twelve hours.

        Raises SignInTooSoon after several failures, PasswordPolicyViolation for a new password that will not do."""
        if (
            max(len(text) for text in (Account, Password, UserName or "", TokenCode or "", NewPassword or ""))
            > _LONGEST
        ):
            return {"State": Step.FAILED}
        owner, profile = await self.store.read(_meant, Account, UserName)
        given = await asyncio.to_thread(passwords.hashed, Password, profile.salt if profile else _NOBODYS_SALT)
        if owner is None:  # the same work was done as for a user, so that the time tells nothing
            return {"State": Step.FAILED}
        new = None
        if NewPassword is not None and profile is not None:
            new = await asyncio.to_thread(passwords.hashed, NewPassword, profile.salt)
        found = await self.store.write(sign_in.attempt, owner, given, TokenCode, new)
        self._record(owner, found)
        return self._answer(owner, found)

    @internal
    async def set_root_password(self, *, Password: str, Email: str | None = None) -> dict[str, Any]:
        """Let the root of this account sign in with this password, and with an e-mail address if one is given.

        Raises PasswordPolicyViolation, or EmailInUse."""
        account = self.scope.account
        profile = await self.store.read(passwords.find, owners.root(account))
        salt = profile.salt if profile is not None else self.kernel.ids.bytes(passwords.SALT_BYTES)
        hashed = await asyncio.to_thread(passwords.hashed, Password, salt)

        def put(tx: Transaction) -> str:
            if Email is not None:
                accounts.keep(tx, replace(accounts.find(tx, account), email=Email))
            if passwords.find(tx, owners.root(account)) is None:
                passwords.create(tx, owners.root(account), hashed)
            else:
                passwords.update(tx, owners.root(account), hashed, reset_required=False)
            return accounts.find(tx, account).email

        return {"Account": account, "Email": await self.store.write(put)}

    @internal
    async def register_mfa_token(self, *, SerialNumber: str, Seed: str) -> dict[str, Any]:
        """Make a hardware token known to this account, for EnableMFADevice to give to a user."""
        await self.store.write(mfa.register, self.scope.account, SerialNumber, Seed)
        return {"SerialNumber": SerialNumber}

    def _answer(self, owner: Owner, found: Attempt) -> dict[str, Any]:
        if found.caller is None:
            return {"State": found.step}
        made = sessions.issue(self.kernel.keyring, self.kernel.ids, found.caller, self.clock.now())
        return {
            "State": found.step,
            "Account": owner.account,
            "Arn": owner.caller.arn,
            **owner.named,
            "Credentials": {
                "AccessKeyId": made.access_key,
                "SecretAccessKey": made.secret,
                "SessionToken": made.token,
                "Expiration": made.expires,
            },
        }

    def _record(self, owner: Owner, found: Attempt) -> None:
        """A sign-in is told when it succeeded or failed; one that goes on, only at its end."""
        if found.step in (Step.CODE, Step.NEW_PASSWORD):
            return
        is_done = found.step is Step.DONE
        self.kernel.audit.note_event(
            owner.caller, Scope(account=owner.account, region=_REGION), self.request, _FOR,
            "ConsoleLogin", kind="AwsConsoleSignIn",
            response={"ConsoleLogin": "Success" if is_done else "Failure"},
            additional={"MobileVersion": "No", "MFAUsed": "Yes" if found.device is not None else "No"}
            | ({"MFAIdentifier": found.device} if found.device is not None else {}),
            message="" if is_done else "Failed authentication",
        )  # fmt: skip


def _meant(tx: ReadTransaction, account: str, user_name: str | None) -> tuple[Owner | None, LoginProfile | None]:
    owner = sign_in.find(tx, account, user_name)
    if owner is None:
        return None, None
    sign_in.check_pace(tx, owner)
    return owner, passwords.find(tx, owner)
