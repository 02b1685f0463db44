"""Grants: leave for one principal to do a few things with one key, given and taken back without touching its policy.

A grant counts at once and for whoever it names, so the token that comes with it changes nothing for the grantee; it
still names the grant to RetireGrant, and one that names none is refused.

Source: KMS Developer Guide, grants; KMS API Reference, CreateGrant, RetireGrant."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from cumulet.kernel import named
from cumulet.kernel.authority import Authority
from cumulet.kernel.keys import Key as StoreKey
from cumulet.kernel.records import Record, replace
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import keys, specs
from cumulet.services.kms.errors import (
    InvalidArnException,
    InvalidGrantIdException,
    InvalidGrantTokenException,
    LimitExceededException,
    NotFoundException,
    ValidationException,
)
from cumulet.services.kms.keys import Key

MOST_OF_A_KEY = 50_000
LARGEST_CONSTRAINT = 384
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:(iam|sts)::([0-9]{12}):(root|(user|role|assumed-role|federated-user)/.+)")
_ID = re.compile(r"[0-9a-f]{64}")
_TOKEN_CHECK_BYTES = 16

_OF_EVERY_KEY = ("CreateGrant", "RetireGrant", "DescribeKey")
_OF_USAGE = {
    specs.ENCRYPT: ("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo"),
    specs.SIGN: ("Sign", "Verify"),
    specs.MAC: ("GenerateMac", "VerifyMac"),
    specs.AGREE: ("DeriveSharedSecret",),
    specs.ENCAPSULATE: ("Encapsulate", "Decapsulate"),
}
_OF_SYMMETRIC = (
    "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
)  # fmt: skip
CONSTRAINED = frozenset({"Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", *_OF_SYMMETRIC})
"""The operations that have an encryption context, to which constraints apply."""


class Grant(Record):
    id: str
    created: datetime
    issuer: str
    operations: tuple[str, ...]
    grantee: str = ""
    grantee_service: str = ""
    retiring: str = ""
    retiring_service: str = ""
    name: str = ""
    constraints: dict[str, Any] = {}  # noqa: RUF012 - records are frozen
    grantee_id: str = ""
    retiring_id: str = ""
    """The unique ids of users and roles, who are meant by them and not by their names."""

    @property
    def holder(self) -> str:
        """By what the grantee is known."""
        return self.grantee_id or self.grantee or self.grantee_service

    @property
    def retirer(self) -> str:
        return self.retiring_id or self.retiring or self.retiring_service

    def admits(self, operation: str, context: Mapping[str, str], source_arn: str = "") -> bool:
        """Whether it lets its grantee do this, with this encryption context."""
        if operation not in self.operations:
            return False
        if "SourceArn" in self.constraints and self.constraints["SourceArn"] != source_arn:
            return False
        if operation not in CONSTRAINED:
            return True
        exact, subset = self.constraints.get("EncryptionContextEquals"), self.constraints.get("EncryptionContextSubset")
        if exact is not None and dict(exact) != dict(context):
            return False
        return subset is None or subset.items() <= context.items()

    def admits_grant(self, other: Grant) -> bool:
        """Whether its grantee may hand on this: no more than it has, under no less constraint."""
        if "CreateGrant" not in self.operations or not set(other.operations) <= set(self.operations):
            return False
        if "SourceArn" in self.constraints and self.constraints["SourceArn"] != other.constraints.get("SourceArn"):
            return False
        exact, subset = self.constraints.get("EncryptionContextEquals"), self.constraints.get("EncryptionContextSubset")
        others_exact = other.constraints.get("EncryptionContextEquals")
        if exact is not None:
            return bool(others_exact == exact)
        promised = others_exact or other.constraints.get("EncryptionContextSubset") or {}
        return subset is None or subset.items() <= promised.items()


class Token(NamedTuple):
    """What a grant token names."""

    scope: Scope
    key_id: str
    grant_id: str


def wanted(given: Mapping[str, Any], key: Key, issuer: str, grant_id: str, now: datetime) -> Grant:
    """The grant that a request asks for. Raises ValidationException or InvalidArnException."""
    grant = Grant(
        id=grant_id,
        created=now,
        issuer=issuer,
        operations=tuple(dict.fromkeys(given["Operations"])),
        grantee=given.get("GranteePrincipal") or "",
        grantee_service=given.get("GranteeServicePrincipal") or "",
        retiring=given.get("RetiringPrincipal") or "",
        retiring_service=given.get("RetiringServicePrincipal") or "",
        name=given.get("Name") or "",
        constraints={name: value for name, value in (given.get("Constraints") or {}).items() if value},
    )
    _check_principals(grant)
    _check_operations(grant, key)
    _check_constraints(grant, key)
    return grant


def bound(tx: ReadTransaction, authority: Authority, grant: Grant) -> Grant:
    """The grant, meaning for good whom it names now. Raises InvalidArnException for who is not there."""
    return replace(
        grant, grantee_id=_bound(tx, authority, grant.grantee), retiring_id=_bound(tx, authority, grant.retiring)
    )


def known_as(tx: ReadTransaction, authority: Authority, principal: str) -> list[str]:
    """By what the grants of a principal may know it."""
    unique = authority.id_of(tx, principal) if named.is_entity(principal) else None
    return [principal] if unique is None else [unique, principal]


def shown(tx: ReadTransaction, authority: Authority, grant: Grant) -> Grant:
    """With those whom it names as they are called now; who is gone is shown by the id."""
    grantee = _shown(tx, authority, grant.grantee, grant.grantee_id)
    return replace(grant, grantee=grantee, retiring=_shown(tx, authority, grant.retiring, grant.retiring_id))


def _bound(tx: ReadTransaction, authority: Authority, principal: str) -> str:
    if not named.is_entity(principal):
        return ""
    unique = authority.id_of(tx, principal)
    if unique is None:
        raise InvalidArnException(f"ARN does not refer to a valid principal: {principal}")
    return unique


def _shown(tx: ReadTransaction, authority: Authority, principal: str, unique: str) -> str:
    return (authority.arn_of(tx, principal.split(":")[4], unique) or unique) if unique else principal


def create(tx: Transaction, key: Key, grant: Grant) -> Grant:
    """Keep a grant. One of the same name and content is found again, since clients repeat the request.

    Raises what is wrong with the key, or LimitExceededException."""
    keys.require_usable(tx, key)
    if grant.name:
        place = key.scope.key("kms", "grant-names", key.id, _digest(grant))
        known = tx.get(place)
        if known is not None and (same := find(tx, key, known)) is not None:
            return same
        tx.put(place, grant.id)
    if tx.get(count_of(key)) == MOST_OF_A_KEY:
        raise LimitExceededException(f"Cannot create more than {MOST_OF_A_KEY} grants for the key {key.arn}")
    tx.put(count_of(key), (tx.get(count_of(key)) or 0) + 1)
    tx.put(_place(key, grant.id), grant)
    for index in _indexes(key, grant):
        tx.put(index, None)
    return grant


def delete(tx: Transaction, key: Key, grant: Grant) -> None:
    tx.delete(_place(key, grant.id))
    tx.put(count_of(key), tx.get(count_of(key)) - 1)
    if grant.name:
        tx.delete(key.scope.key("kms", "grant-names", key.id, _digest(grant)))
    for index in _indexes(key, grant):
        tx.delete(index)


def delete_all(tx: Transaction, key: Key, at_most: int) -> bool:
    """Take some grants from a key that is gone; returns whether none is left."""
    found = list(tx.range(key.scope.key("kms", "grants", key.id), limit=at_most))
    for grant in found:
        delete(tx, key, grant)
    return len(found) < at_most


def find(tx: ReadTransaction, key: Key, grant_id: str) -> Grant | None:
    found: Grant | None = tx.get(_place(key, grant_id))
    return found


def existing(tx: ReadTransaction, key: Key, grant_id: str) -> Grant:
    """Raises InvalidGrantIdException or NotFoundException."""
    if _ID.fullmatch(grant_id) is None:
        raise InvalidGrantIdException(f"GrantId {grant_id} is not valid.")
    found = find(tx, key, grant_id)
    if found is None:
        raise NotFoundException(f"Grant ID {grant_id} not found")
    return found


def listed(tx: ReadTransaction, key: Key, after: str | None, at_most: int) -> list[Grant]:
    return list(tx.range(key.scope.key("kms", "grants", key.id), after=after, limit=at_most))


def held_by(tx: ReadTransaction, key: Key, principals: Sequence[str]) -> Iterator[Grant]:
    """The grants of a key that name one of these as their grantee."""
    for principal in principals:
        for place, _ in tx.items(key.scope.key("kms", "grantees", key.id, principal)):
            found = find(tx, key, place[-1])
            assert found is not None, "a grant's indexes go with it"
            yield found


def retirable(
    tx: ReadTransaction, scope: Scope, principal: str, after: str | None, at_most: int
) -> list[tuple[Key, Grant]]:
    """The grants, of whatever account's keys, that a principal of this account may retire."""
    prefix = scope.key("kms", "retirable", principal)
    found = []
    for place, _ in tx.items(prefix, after=tuple(after.split("/")) if after else None, limit=at_most):
        *_, owner, key_id, grant_id = place
        key = keys.find(tx, Scope(account=owner, region=scope.region), key_id)
        grant = find(tx, key, grant_id) if key is not None else None
        if key is not None and grant is not None:
            found.append((key, grant))
    return found


def token(key: Key, grant: Grant) -> str:
    """Names the grant to who shows it."""
    named = "\0".join((key.account, key.region, key.id, grant.id)).encode()
    return base64.urlsafe_b64encode(_check_bytes(named) + named).decode().rstrip("=")


def read_token(text: str) -> Token:
    """Raises InvalidGrantTokenException for what is no grant token."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        account, region, key_id, grant_id = raw[_TOKEN_CHECK_BYTES:].decode().split("\0")
    except (binascii.Error, ValueError):
        raise InvalidGrantTokenException from None
    if raw[:_TOKEN_CHECK_BYTES] != _check_bytes(raw[_TOKEN_CHECK_BYTES:]):
        raise InvalidGrantTokenException
    return Token(Scope(account=account, region=region), key_id, grant_id)


def check_tokens(given: Sequence[str]) -> None:
    for text in given:
        read_token(text)


def as_wire(key: Key, grant: Grant) -> dict[str, Any]:
    told = {
        "KeyId": key.arn,
        "GrantId": grant.id,
        "Name": grant.name,
        "CreationDate": grant.created,
        "GranteePrincipal": grant.grantee or grant.grantee_service,
        "GranteeServicePrincipal": grant.grantee_service,
        "RetiringPrincipal": grant.retiring or grant.retiring_service,
        "RetiringServicePrincipal": grant.retiring_service,
        "IssuingAccount": grant.issuer,
        "Operations": list(grant.operations),
        "Constraints": grant.constraints,
    }
    always = ("Name",)
    return {name: value for name, value in told.items() if value or name in always}


def _check_principals(grant: Grant) -> None:
    if bool(grant.grantee) == bool(grant.grantee_service):
        raise ValidationException("Specify either GranteePrincipal or GranteeServicePrincipal.")
    if grant.retiring and grant.retiring_service:
        raise ValidationException("Specify either RetiringPrincipal or RetiringServicePrincipal.")
    for principal in (grant.grantee, grant.retiring):
        if principal and not _account_of(principal) and not principal.endswith(".amazonaws.com"):
            raise InvalidArnException(f"{principal} is not the ARN of a principal.")


def _check_operations(grant: Grant, key: Key) -> None:
    spec = specs.SPECS[key.spec]
    possible = {*_OF_EVERY_KEY, *_OF_USAGE[key.usage], *(_OF_SYMMETRIC if spec.is_symmetric else ())}
    if spec.is_asymmetric:
        possible.add("GetPublicKey")
    wrong = [operation for operation in grant.operations if operation not in possible]
    if wrong:
        raise ValidationException(
            f"The operations {', '.join(wrong)} are not supported by a KMS key with key spec {key.spec} and key usage "
            f"{key.usage}."
        )


def _check_constraints(grant: Grant, key: Key) -> None:
    contexts = [value for name, value in grant.constraints.items() if name.startswith("EncryptionContext")]
    if contexts and not specs.SPECS[key.spec].is_symmetric:
        raise ValidationException("Grants with encryption context constraints need a symmetric encryption KMS key.")
    for part in (part for context in contexts for item in context.items() for part in item):
        if len(part) > LARGEST_CONSTRAINT:
            raise ValidationException(
                f"Keys and values of an encryption context constraint cannot be longer than {LARGEST_CONSTRAINT}."
            )


def _digest(grant: Grant) -> str:
    """The same for grants of the same content."""
    content = [grant.name, sorted(grant.operations), grant.holder, grant.retirer, grant.constraints]  # fmt: skip
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _indexes(key: Key, grant: Grant) -> Iterator[StoreKey]:
    yield key.scope.key("kms", "grantees", key.id, grant.holder, grant.id)
    if grant.retirer:
        account = _account_of(grant.retiring) or key.account
        yield ("kms", account, key.region, "retirable", grant.retirer, key.account, key.id, grant.id)


def _account_of(principal: str) -> str:
    """Of an ARN that may be a principal; else nothing."""
    match = _PRINCIPAL.fullmatch(principal)
    return match[2] if match is not None else ""


def _place(key: Key, grant_id: str) -> StoreKey:
    return key.scope.key("kms", "grants", key.id, grant_id)


def count_of(key: Key) -> StoreKey:
    """Where the number of a key's grants is kept."""
    return key.scope.key("kms", "grant-count", key.id)


def _check_bytes(named: bytes) -> bytes:
    return hashlib.sha256(b"kms grant token\0" + named).digest()[:_TOKEN_CHECK_BYTES]
