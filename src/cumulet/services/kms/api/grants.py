"""Grants as clients give, list, retire and revoke them. The rules are in ../grants.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import grants, names, pages
from cumulet.services.kms.api.base import KMSBase, stop_dry_run
from cumulet.services.kms.errors import ValidationException
from cumulet.services.kms.grants import Grant
from cumulet.services.kms.keys import Key


class Grants(KMSBase):
    async def create_grant(
        self,
        *,
        KeyId: str,
        Operations: Sequence[str],
        GranteePrincipal: str | None = None,
        GranteeServicePrincipal: str | None = None,
        RetiringPrincipal: str | None = None,
        RetiringServicePrincipal: str | None = None,
        Constraints: Mapping[str, Any] | None = None,
        GrantTokens: Sequence[str] = (),
        Name: str | None = None,
        DryRun: bool = False,
    ) -> dict[str, Any]:
        given = {
            "Operations": Operations, "GranteePrincipal": GranteePrincipal, "Constraints": Constraints, "Name": Name,
            "GranteeServicePrincipal": GranteeServicePrincipal, "RetiringPrincipal": RetiringPrincipal,
            "RetiringServicePrincipal": RetiringServicePrincipal,
        }  # fmt: skip
        grants.check_tokens(GrantTokens)
        return await self.write_key(KeyId, self._create, given, DryRun)

    async def list_grants(
        self,
        *,
        KeyId: str,
        Limit: int | None = None,
        Marker: str | None = None,
        GrantId: str | None = None,
        GranteePrincipal: str | None = None,
        GranteeServicePrincipal: str | None = None,
    ) -> dict[str, Any]:
        count = pages.size(Limit, usual=50, most=100)
        after, grantee = pages.after(Marker), GranteePrincipal or GranteeServicePrincipal
        found = await self.read_key(KeyId, self._grants_listed, after, count + 1, GrantId, grantee)
        return pages.answer("Grants", found, count, lambda pair: pair[1].id, _as_wire)

    async def list_retirable_grants(
        self,
        *,
        RetiringPrincipal: str | None = None,
        RetiringServicePrincipal: str | None = None,
        Limit: int | None = None,
        Marker: str | None = None,
    ) -> dict[str, Any]:
        count, principal = pages.size(Limit, usual=50, most=100), RetiringPrincipal or RetiringServicePrincipal
        if principal is None:
            raise ValidationException("RetiringPrincipal is required.")
        found = await self.store.read(self._retirable, principal, pages.after(Marker), count + 1)
        return pages.answer("Grants", found, count, _place, _as_wire)

    async def retire_grant(
        self,
        *,
        GrantToken: str | None = None,
        KeyId: str | None = None,
        GrantId: str | None = None,
        DryRun: bool = False,
    ) -> dict[str, Any]:
        key_id, grant_id = named(GrantToken, KeyId, GrantId)
        await self.write_key(key_id, _delete, grant_id, DryRun)
        return {}

    async def revoke_grant(self, *, KeyId: str, GrantId: str, DryRun: bool = False) -> dict[str, Any]:
        await self.write_key(KeyId, _delete, GrantId, DryRun)
        return {}

    def _create(self, tx: Transaction, key: Key, given: Mapping[str, Any], dry_run: bool) -> dict[str, Any]:
        wanted = grants.wanted(given, key, self._issuer(), tx.ids.hex(64), tx.now)
        made = grants.create(tx, key, grants.bound(tx, self.kernel.authority, wanted))
        stop_dry_run(dry_run)
        return {"GrantId": made.id, "GrantToken": grants.token(key, made)}

    def _grants_listed(
        self, tx: ReadTransaction, key: Key, after: str | None, at_most: int, grant_id: str | None, grantee: str | None
    ) -> list[tuple[Key, Grant]]:
        authority = self.kernel.authority
        names_of = grants.known_as(tx, authority, grantee) if grantee is not None else None
        if grant_id is not None:
            one = grants.existing(tx, key, grant_id)
            found = [one] if names_of is None or one.holder in names_of else []
        elif names_of is None:
            found = grants.listed(tx, key, after, at_most)
        else:
            held = sorted(grants.held_by(tx, key, names_of), key=lambda grant: grant.id)
            found = [grant for grant in held if after is None or grant.id > after][:at_most]
        return [(key, grants.shown(tx, authority, grant)) for grant in found]

    def _retirable(
        self, tx: ReadTransaction, principal: str, after: str | None, at_most: int
    ) -> list[tuple[Key, Grant]]:
        authority = self.kernel.authority
        name = grants.known_as(tx, authority, principal)[0]
        found = grants.retirable(tx, self.scope, name, after, at_most)
        return [(key, grants.shown(tx, authority, grant)) for key, grant in found]

    def _issuer(self) -> str:
        return f"arn:{self.scope.partition}:iam::{self.caller.account}:root"


def named(token: str | None, key_id: str | None, grant_id: str | None) -> tuple[str, str]:
    """The key and the grant that RetireGrant means. Raises ValidationException or InvalidGrantTokenException."""
    if token is not None:
        if key_id is not None or grant_id is not None:
            raise ValidationException("Specify either GrantToken, or KeyId and GrantId.")
        found = grants.read_token(token)
        return names.Name(found.scope, key_id=found.key_id).arn, found.grant_id
    if key_id is None or grant_id is None:
        raise ValidationException("Specify either GrantToken, or KeyId and GrantId.")
    return key_id, grant_id


def _delete(tx: Transaction, key: Key, grant_id: str, dry_run: bool) -> None:
    grants.delete(tx, key, grants.existing(tx, key, grant_id))
    stop_dry_run(dry_run)


def _as_wire(pair: tuple[Key, Grant]) -> dict[str, Any]:
    return grants.as_wire(*pair)


def _place(pair: tuple[Key, Grant]) -> str:
    key, grant = pair
    return f"{key.account}/{key.id}/{grant.id}"
