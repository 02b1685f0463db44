"""Signing in with a password, for the console: temporary credentials of a user, or of an account's root.

`State` in the answer tells how far it went: SUCCESS with the credentials; MFA_REQUIRED and PASSWORD_CHANGE_REQUIRED
ask for the same again with `code` or `new_password`; FAILED and PASSWORD_EXPIRED let nobody in."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import msgspec

from cumulet.admin.arguments import Arguments, BadRequest
from cumulet.kernel import identity, sessions
from cumulet.kernel.accounts import EmailInUse
from cumulet.kernel.errors import ServiceError
from cumulet.kernel.scope import DEFAULT_ACCOUNT, DEFAULT_REGION

if TYPE_CHECKING:
    from cumulet.cloud import Cloud
    from cumulet.kernel.kernel import Client

_TOKEN_PURPOSE = b"signin\0"
_TOKEN_SECONDS = 15 * 60
_LONGEST_TOKEN = 2 * sessions.LONGEST_TOKEN


class Attempt(Arguments, frozen=True):
    """As a user of an account (a number, or an alias), or as the root with an e-mail address."""

    password: str
    account: str = ""
    user: str | None = None
    email: str = ""
    code: str | None = None
    new_password: str | None = None


class RootPassword(Arguments, frozen=True):
    password: str
    account: str = DEFAULT_ACCOUNT
    email: str | None = None


class RootMfa(Arguments, frozen=True):
    account: str = DEFAULT_ACCOUNT


class MfaToken(Arguments, frozen=True):
    """A hardware token: the serial number printed on it, and its seed in base32."""

    serial: str
    seed: str
    account: str = DEFAULT_ACCOUNT


async def sign_in(cloud: Cloud, given: Attempt) -> dict[str, Any]:
    if (given.user is None) == (given.email == "") or (given.user is None) != (given.account == ""):
        raise BadRequest("name an account and a user, or the e-mail address of a root")
    asked = {
        "Account": given.email or given.account, "UserName": given.user, "Password": given.password,
        "TokenCode": given.code, "NewPassword": given.new_password,
    }  # fmt: skip
    return await _said(_iam(cloud, DEFAULT_ACCOUNT).sign_in(**asked))


async def set_root_password(cloud: Cloud, given: RootPassword) -> dict[str, Any]:
    try:
        return await _said(_iam(cloud, given.account).set_root_password(Password=given.password, Email=given.email))
    except EmailInUse:
        raise BadRequest("another account has this e-mail address") from None


async def enable_root_mfa(cloud: Cloud, given: RootMfa) -> dict[str, Any]:
    """A new virtual device for the root, in place of an earlier one. Its seed is told now and never again."""
    _check_account(given.account)
    device = await cloud.kernel.store.write(identity.enable_root_mfa, given.account)
    return {"SerialNumber": device.serial, "Seed": device.seed}


async def register_token(cloud: Cloud, given: MfaToken) -> dict[str, Any]:
    return await _said(_iam(cloud, given.account).register_mfa_token(SerialNumber=given.serial, Seed=given.seed))


class Exchange(Arguments, frozen=True):
    """Temporary credentials that somebody has already, to be signed in with."""

    session_id: str = msgspec.field(name="sessionId")
    session_key: str = msgspec.field(name="sessionKey")
    session_token: str = msgspec.field(name="sessionToken")


class Ticket(Arguments, frozen=True):
    signin_token: str = msgspec.field(name="SigninToken")


class _Sealed(msgspec.Struct, frozen=True):
    until: float
    session: Exchange


async def federate(cloud: Cloud, given: Exchange) -> dict[str, Any]:
    """A sign-in token for these credentials, good for a quarter of an hour: to be handed to a browser in a URL, which
    is no place for credentials (IAM User Guide, getSigninToken)."""
    now = cloud.kernel.clock.now()
    opened = _opened(cloud, given)
    if opened.secret != given.session_key or opened.caller.session is None or opened.caller.session.expires <= now:
        raise BadRequest("these credentials let nobody in")
    sealed = _Sealed(now.timestamp() + _TOKEN_SECONDS, given)
    token = cloud.kernel.keyring.wrap(_TOKEN_PURPOSE + msgspec.msgpack.encode(sealed), now)
    return {"SigninToken": base64.urlsafe_b64encode(token).decode()}


async def redeem(cloud: Cloud, given: Ticket) -> dict[str, Any]:
    """The credentials behind a sign-in token."""
    sealed = _unsealed(cloud, given.signin_token)
    if sealed.until <= cloud.kernel.clock.seconds():
        raise BadRequest("the sign-in token has expired")
    opened = _opened(cloud, sealed.session)
    made = sealed.session
    assert opened.caller.session is not None, "a token of ours is of a session"
    return {
        "State": "SUCCESS",
        "Account": opened.caller.account,
        "Arn": opened.caller.arn,
        "Credentials": {
            "AccessKeyId": made.session_id, "SecretAccessKey": made.session_key, "SessionToken": made.session_token,
            "Expiration": opened.caller.session.expires,
        },
    }  # fmt: skip


def _opened(cloud: Cloud, given: Exchange) -> sessions.Opened:
    try:
        return sessions.open_token(cloud.kernel.keyring, given.session_token, given.session_id)
    except sessions.InvalidToken:
        raise BadRequest("these credentials let nobody in") from None


def _unsealed(cloud: Cloud, token: str) -> _Sealed:
    try:
        if len(token) > _LONGEST_TOKEN:
            raise ValueError
        plain = cloud.kernel.keyring.unwrap(base64.b64decode(token, altchars=b"-_", validate=True))
        if not plain.startswith(_TOKEN_PURPOSE):
            raise ValueError
        return msgspec.msgpack.decode(plain[len(_TOKEN_PURPOSE) :], type=_Sealed)
    except (ValueError, msgspec.DecodeError):  # binascii's and the keyring's errors are ValueErrors
        raise BadRequest("this is no sign-in token") from None


async def _said(call: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = await call
    except ServiceError as refusal:
        raise BadRequest(refusal.message) from None
    return answer


def _iam(cloud: Cloud, account: str) -> Client:
    _check_account(account)
    return cloud.kernel.client(identity.service_principal("signin", account), "iam", DEFAULT_REGION)


def _check_account(account: str) -> None:
    if len(account) != len(DEFAULT_ACCOUNT) or not account.isascii() or not account.isdigit():
        raise BadRequest("an account is a number of twelve digits")


ROUTES = {
    "POST /_cumulet/signin": (Attempt, sign_in),
    "POST /_cumulet/signin/federation": (Exchange, federate),
    "POST /_cumulet/signin/token": (Ticket, redeem),
    "POST /_cumulet/signin/root": (RootPassword, set_root_password),
    "POST /_cumulet/signin/root/mfa": (RootMfa, enable_root_mfa),
    "POST /_cumulet/signin/mfa-tokens": (MfaToken, register_token),
}
