"""Roles for those for whom an identity provider vouches. Nobody signs these calls: the proof is in them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from cumulet.kernel import actions
from cumulet.kernel.errors import NotImplementedYet, ServiceError
from cumulet.kernel.identity import Caller, Kind
from cumulet.services.sts import (
    access,
    assumed,
    credentials,
    issuer_keys,
    saml,
    session_policies,
    session_tags,
    web_tokens,
)
from cumulet.services.sts.api.base import Base
from cumulet.services.sts.assumed import Role, Wanted
from cumulet.services.sts.errors import (
    AccessDenied,
    ExpiredTokenException,
    InvalidIdentityToken,
    ValidationError,
)
from cumulet.services.sts.issuer_keys import IssuerKeys
from cumulet.services.sts.saml import Assertion
from cumulet.services.sts.session_tags import SessionTags
from cumulet.services.sts.web_tokens import WebToken

_SAML, _WEB = "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"
_REFUSED = "Not authorized to perform {}"
_GOOGLE = "accounts.google.com"
_OAUTH = frozenset({"www.amazon.com", "graph.facebook.com"})
_TAGS, _SOURCE = "https://aws.amazon.com/tags", "https://aws.amazon.com/source_identity"
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_SAML_KEYS = {
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": "edupersonaffiliation",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": "edupersonprincipalname",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.7": "edupersonentitlement",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.9": "edupersonscopedaffiliation",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.11": "edupersonassurance",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.10": "edupersontargetedid",
    "urn:oid:2.5.4.3": "cn",
    "urn:oid:0.9.2342.19200300.100.1.3": "mail",
    "urn:oid:0.9.2342.19200300.100.1.1": "uid",
    "urn:oid:2.5.4.42": "givenname",
    "urn:oid:2.5.4.4": "surname",
}
"""Attributes that policies may ask for (IAM User Guide, Available keys for SAML-based AWS STS federation)."""


class Federated(Base):
    async def assume_role_with_saml(
        self,
        *,
        RoleArn: str,
        PrincipalArn: str,
        SAMLAssertion: str,
        PolicyArns: Sequence[Mapping[str, str]] = (),
        Policy: str | None = None,
        DurationSeconds: int | None = None,
    ) -> dict[str, Any]:
        account = _account(RoleArn)
        provider = await self._provider("saml", account, PrincipalArn)
        assertion = await asyncio.to_thread(saml.read, SAMLAssertion, provider["Certificates"], self.clock.now())
        if assertion.issuer != provider["Issuer"]:
            raise InvalidIdentityToken("Issuer not present in specified provider")
        role = await self._role(RoleArn)
        if role is None or frozenset({RoleArn, PrincipalArn}) not in assertion.roles:
            raise AccessDenied(_REFUSED.format(_SAML))
        qualifier = saml.name_qualifier(assertion.issuer, account, PrincipalArn.rpartition("/")[2])
        wanted = Wanted(
            name=_session_name(assertion),
            policies=await self._policies(Policy, PolicyArns),
            tags=_saml_tags(assertion),
            source_identity=assertion.one("SourceIdentity") or "",
            provider=PrincipalArn,
            context=_saml_context(assertion, qualifier, account, PrincipalArn),
        )
        answer = await self._assume(_SAML, role, wanted, self._saml_lasts(role, assertion, DurationSeconds))
        return answer | {
            "Subject": assertion.subject, "SubjectType": assertion.subject_type, "Issuer": assertion.issuer,
            "Audience": assertion.recipient, "NameQualifier": qualifier,
        }  # fmt: skip

    async def assume_role_with_web_identity(
        self,
        *,
        RoleArn: str,
        RoleSessionName: str,
        WebIdentityToken: str,
        ProviderId: str | None = None,
        PolicyArns: Sequence[Mapping[str, str]] = (),
        Policy: str | None = None,
        DurationSeconds: int | None = None,
    ) -> dict[str, Any]:
        if ProviderId in _OAUTH:
            raise NotImplementedYet(f"Cumulet does not implement access tokens of {ProviderId}.")
        account = _account(RoleArn)
        token = web_tokens.read(WebIdentityToken)
        issuer = token.text("iss").removeprefix("https://").removesuffix("/")
        arn = f"arn:{self.scope.partition}:iam::{account}:oidc-provider/{issuer}"
        provider = await self._oidc_provider(account, issuer, arn)
        await self._check_token(token, account, provider)
        role = await self._role(RoleArn)
        if role is None:
            raise AccessDenied(_REFUSED.format(_WEB))
        wanted = Wanted(
            name=RoleSessionName,
            policies=await self._policies(Policy, PolicyArns),
            tags=_web_tags(token),
            source_identity=_web_source_identity(token),
            provider=issuer if provider["IsBuiltIn"] else arn,
            context=_web_context(token, issuer),
        )
        lasts = timedelta(seconds=assumed.seconds(role, DurationSeconds))
        answer = await self._assume(_WEB, role, wanted, lasts)
        return answer | {
            "SubjectFromWebIdentityToken": token.text("sub"), "Provider": wanted.provider,
            "Audience": _authorized_party(token),
        }  # fmt: skip

    async def _assume(self, action: str, role: Role, wanted: Wanted, lasts: timedelta) -> dict[str, Any]:
        """Let in whom the provider vouches for, if the role's trust policy does."""
        now = self.clock.now()
        session = self._own_session(lasts, name=wanted.name, provider=wanted.provider)
        outsider = Caller(kind=Kind.FEDERATED, session=session)
        needs = access.to_assume(action, role, wanted, wanted.context)
        await self._demand_of(outsider, needs, _REFUSED.format(action))
        packed = session_policies.packed_percent(wanted.policies, wanted.tags.all)
        caller = assumed.session(role, wanted, now, lasts)
        answer = credentials.session_answer(self._issue(caller), packed, wanted.source_identity)
        return answer | {"AssumedRoleUser": {"AssumedRoleId": caller.id, "Arn": caller.arn}}

    async def _provider(self, kind: str, account: str, arn: str) -> dict[str, Any]:
        """What IAM knows of an identity provider of the account. Raises InvalidIdentityToken."""
        client = self.client("iam", account=account)
        try:
            if kind == "saml":
                return await client.saml_provider_for_session(SAMLProviderArn=arn)
            return await client.oidc_provider_for_session(OpenIDConnectProviderArn=arn)
        except ServiceError as error:
            if error.code not in ("NoSuchEntity", "ValidationError"):
                raise
        raise InvalidIdentityToken("Specified provider doesn't exist.")

    async def _oidc_provider(self, account: str, issuer: str, arn: str) -> dict[str, Any]:
        if issuer == _GOOGLE:
            return {"Url": issuer, "ClientIDList": None, "ThumbprintList": [], "IsBuiltIn": True}
        try:
            return {**await self._provider("oidc", account, arn), "IsBuiltIn": False}
        except InvalidIdentityToken:
            words = f"No OpenIDConnect provider found in your account for https://{issuer}"
            raise InvalidIdentityToken(words) from None

    async def _check_token(self, token: WebToken, account: str, provider: Mapping[str, Any]) -> None:
        """Raise InvalidIdentityToken, ExpiredTokenException or IDPCommunicationError unless the token is good."""
        clients = provider["ClientIDList"]
        if clients is not None and not {*token.audiences, token.claims.get("azp")} & {*clients}:
            raise InvalidIdentityToken("Incorrect token audience")
        web_tokens.check_times(token, self.clock.now())
        keys = await self._keys(token, account, provider)
        if not await asyncio.to_thread(web_tokens.is_signed, token, keys):
            raise InvalidIdentityToken("The ID Token provided is not a valid JWT. Its signature is not the provider's.")

    async def _keys(self, token: WebToken, account: str, provider: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        url, now = provider["Url"], self.clock.now()
        kept: IssuerKeys | None = await self.store.read(issuer_keys.find, account, url)
        if kept is not None and (
            not kept.may_be_asked_again(now) or (kept.is_fresh(now) and web_tokens.has_key(token, kept.keys))
        ):
            return kept.keys
        found = await issuer_keys.fetch(url, provider["ThumbprintList"])
        return (await self.store.write(issuer_keys.keep, account, url, found)).keys

    def _saml_lasts(self, role: Role, assertion: Assertion, wanted: int | None) -> timedelta:
        """As long as is asked for, or as the provider says, and never beyond the end of the provider's own session."""
        asked = assertion.one("SessionDuration")
        if wanted is None and asked is not None:
            if not asked.isascii() or not asked.isdigit() or not assumed.SHORTEST_SECONDS <= int(asked[:9]) <= 43_200:
                raise InvalidIdentityToken("SessionDuration in AuthnResponse must be between 900 and 43200 seconds.")
            wanted = min(int(asked), role.longest_seconds)
        lasts = timedelta(seconds=assumed.seconds(role, wanted))
        if assertion.session_ends is None:
            return lasts
        left = assertion.session_ends - self.clock.now()
        if left <= timedelta(0):
            raise ExpiredTokenException("Token has expired")
        return min(lasts, left)


def _account(role_arn: str) -> str:
    """Raises ValidationError."""
    account = assumed.account_in(role_arn)
    if account is None:
        raise ValidationError("Request ARN is invalid")
    return account


def _session_name(assertion: Assertion) -> str:
    name = assertion.one("RoleSessionName")
    if name is None:
        raise InvalidIdentityToken("RoleSessionName is required in AuthnResponse")
    if not _SESSION_NAME.fullmatch(name):
        raise InvalidIdentityToken("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
    return name


def _saml_tags(assertion: Assertion) -> SessionTags:
    return session_tags.of_claims(assertion.tags, assertion.attributes.get(saml.ATTRIBUTES + "TransitiveTagKeys", ()))


def _saml_context(assertion: Assertion, qualifier: str, account: str, provider: str) -> dict[str, str]:
    context = {
        "saml:aud": assertion.recipient,
        "saml:iss": assertion.issuer,
        "saml:sub": assertion.subject,
        "saml:sub_type": assertion.subject_type,
        "saml:namequalifier": qualifier,
        "saml:doc": f"{account}/{provider.rpartition('/')[2]}",
    }
    known = {_SAML_KEYS.get(name): values for name, values in assertion.attributes.items()}
    return context | {f"saml:{name}": values[0] for name, values in known.items() if name is not None}


def _authorized_party(token: WebToken) -> str:
    """For whom the token is: Google names who may use it apart from whom it is shown to."""
    party = token.claims.get("azp")
    if isinstance(party, str) and party:
        return party
    return token.audiences[0] if token.audiences else ""


def _web_context(token: WebToken, issuer: str) -> dict[str, str]:
    """The condition keys of the provider: those that all have, and those that AWS lists for this one."""
    context = {f"{issuer}:sub": token.text("sub"), f"{issuer}:aud": _authorized_party(token)}
    if token.audiences:
        context[f"{issuer}:oaud"] = token.audiences[0]
    for claim, value in token.claims.items():
        key = f"{issuer}:{claim}"
        if isinstance(value, str) and key not in context and (claim == "email" or actions.exists("sts", key)):
            context[key] = value
    return {key.lower(): value for key, value in context.items()}


def _web_tags(token: WebToken) -> SessionTags:
    given = token.claims.get(_TAGS)
    if not isinstance(given, dict):
        return session_tags.NONE
    tags, transitive = given.get("principal_tags", {}), given.get("transitive_tag_keys", [])
    if not isinstance(tags, dict) or not isinstance(transitive, list):
        raise InvalidIdentityToken("The session tags in the token are malformed.")
    values = {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in tags.items()}
    if not all(isinstance(text, str) for text in (*values.values(), *transitive)):
        raise InvalidIdentityToken("The session tags in the token are malformed.")
    return session_tags.of_claims(values, transitive)


def _web_source_identity(token: WebToken) -> str:
    given = token.claims.get(_SOURCE, "")
    if given and not (isinstance(given, str) and _SESSION_NAME.fullmatch(given)):
        raise InvalidIdentityToken("The source identity in the token is malformed.")
    return given
