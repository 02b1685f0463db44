"""Which permissions KMS's operations need, and on which key.

A key's policy has to allow, or to leave it to its account; a grant stands for such an allowance. What a caller of
another account is told does not depend on whether the key exists.

Sources: Service Authorization Reference, AWS KMS; KMS Developer Guide, "Permissions reference", "Condition keys"."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cumulet.kernel.access import Need, Value
from cumulet.kernel.identity import Caller, Kind
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction
from cumulet.services.kms import aliases, grants, managed, multi_region, names, specs, subjects
from cumulet.services.kms.api.grants import named
from cumulet.services.kms.errors import unknown_ciphertext, unseen
from cumulet.services.kms.grants import Grant
from cumulet.services.kms.keys import Key
from cumulet.services.kms.names import Name
from cumulet.services.kms.subjects import Decryption

_WITHOUT_KEY = frozenset(
    ("connect_custom_key_store", "create_custom_key_store", "create_key", "delete_custom_key_store",
     "describe_custom_key_stores", "disconnect_custom_key_store", "generate_random", "list_aliases", "list_keys",
     "list_retirable_grants", "update_custom_key_store")
)  # fmt: skip
_ABROAD = subjects.WITH_ALIASES | {
    "create_grant", "get_key_rotation_status", "list_grants", "retire_grant", "revoke_grant",
}  # fmt: skip
"""The operations that can be about a key of another account."""
_TOLD = {
    "BypassPolicyLockoutSafetyCheck": "kms:bypasspolicylockoutsafetycheck",
    "CustomerMasterKeySpec": "kms:keyspec",
    "EncryptionAlgorithm": "kms:encryptionalgorithm",
    "ExpirationModel": "kms:expirationmodel",
    "GranteePrincipal": "kms:granteeprincipal",
    "GranteeServicePrincipal": "kms:granteeprincipal",
    "KeyAgreementAlgorithm": "kms:keyagreementalgorithm",
    "KeyPairSpec": "kms:datakeypairspec",
    "MacAlgorithm": "kms:macalgorithm",
    "MessageType": "kms:messagetype",
    "Operations": "kms:grantoperations",
    "PendingWindowInDays": "kms:schedulekeydeletionpendingwindowindays",
    "ReplicaRegion": "kms:replicaregion",
    "RetiringPrincipal": "kms:retiringprincipal",
    "RetiringServicePrincipal": "kms:retiringprincipal",
    "RotationPeriodInDays": "kms:rotationperiodindays",
    "SigningAlgorithm": "kms:signingalgorithm",
    "ValidTo": "kms:validto",
    "WrappingAlgorithm": "kms:wrappingalgorithm",
    "WrappingKeySpec": "kms:wrappingkeyspec",
}
"""Members of requests that are condition keys."""
_NOTHING: Mapping[str, Any] = {}
_USUAL = {
    "encrypt": {"kms:encryptionalgorithm": specs.SYMMETRIC},
    "decrypt": {"kms:encryptionalgorithm": specs.SYMMETRIC},
    "sign": {"kms:messagetype": "RAW"},
    "verify": {"kms:messagetype": "RAW"},
    "create_key": {"kms:keyspec": specs.SYMMETRIC, "kms:keyusage": specs.ENCRYPT, "kms:keyorigin": "AWS_KMS"},
    "schedule_key_deletion": {"kms:schedulekeydeletionpendingwindowindays": "30"},
}
"""What counts where a request leaves it out."""


class _Facts:
    """What policies may ask, put together when one does."""

    def __init__(self, gather: Callable[[], Mapping[str, Value]]) -> None:
        self._gather = gather

    def get(self, key: str, /) -> Value | None:
        return self._known.get(key)

    @functools.cached_property
    def _known(self) -> Mapping[str, Value]:
        return self._gather()


class Asked:
    """One call, and what policies may ask of it."""

    def __init__(self, tx: ReadTransaction, scope: Scope, caller: Caller, operation: str, given: Mapping[str, Any]):
        self.tx, self.scope, self.caller, self.operation, self.given = tx, scope, caller, operation, given

    def needs(self) -> Iterator[Need]:
        """Raises what is wrong with the names in the request, and AccessDeniedException for what cannot be granted."""
        match self.operation:
            case "default_key":
                return
            case "create_key":
                yield from self._create_key()
            case "create_alias" | "update_alias" | "delete_alias":
                yield from self._alias()
            case "decrypt":
                yield from self._decryption()
            case "re_encrypt":
                yield from self._re_encryption()
            case "retire_grant":
                yield from self._retirement()
            case _ if self.operation in _WITHOUT_KEY:
                yield Need(action=f"kms:{self._action}", context=self._request())
            case _:
                yield from self._on_named_key()

    @property
    def _action(self) -> str:
        return "".join(word.capitalize() for word in self.operation.split("_"))

    def _create_key(self) -> Iterator[Need]:
        yield Need(action="kms:CreateKey", context=self._request())
        if self.given.get("Tags"):
            yield Need(action="kms:TagResource", context=self._request())

    def _alias(self) -> Iterator[Need]:
        """Permission on the alias, and on each key that it points to before or after."""
        action, alias = self._action, str(self.given["AliasName"])
        yield Need(action=f"kms:{action}", resource=self.scope.arn("kms", alias), context=self._request())
        found = aliases.find(self.tx, self.scope, alias) if self.operation != "create_alias" else None
        if found is not None:
            key = names.find(self.tx, Name(self.scope, key_id=found.key_id))
            if key is not None:
                yield self._on(action, key)
        target = self.given.get("TargetKeyId")
        if target is not None and "alias/" not in target:
            yield self._on(action, self._key(names.parse(target, self.scope, aliases=False), action))

    def _re_encryption(self) -> Iterator[Need]:
        asked = Decryption(self.given, "Source")
        source = self._source(asked, "ReEncryptFrom")
        name = names.parse(self.given["DestinationKeyId"], self.scope, aliases=True)
        target = self._key(name, "ReEncryptTo")
        same: dict[str, Value] = {"kms:reencryptonsamekey": _text(source.arn == target.arn)}
        yield self._on("ReEncryptFrom", source, asked.context, same | _of_decryption(asked, self.scope))
        algorithm = self.given.get("DestinationEncryptionAlgorithm") or specs.SYMMETRIC
        told = same | _of_alias(name) | {"kms:encryptionalgorithm": algorithm}
        yield self._on("ReEncryptTo", target, self.given.get("DestinationEncryptionContext") or {}, told)

    def _decryption(self) -> Iterator[Need]:
        asked = Decryption(self.given)
        yield self._on("Decrypt", self._source(asked, "Decrypt"), asked.context, _of_decryption(asked, self.scope))

    def _source(self, asked: Decryption, action: str) -> Key:
        """The key that a ciphertext is to be decrypted with. Raises AccessDeniedException for one that is not here."""
        name = asked.name(self.scope)
        key = names.find(self.tx, name) if asked.key_id is None else self._key(name, action)
        if key is None:
            raise unknown_ciphertext()
        return key

    def _retirement(self) -> Iterator[Need]:
        """None for who is named to retire the grant."""
        given = self.given
        key_id, grant_id = named(given.get("GrantToken"), given.get("KeyId"), given.get("GrantId"))
        key = self._key(names.parse(key_id, self.scope, aliases=False), "RetireGrant")
        grant = grants.find(self.tx, key, grant_id)
        if grant is None or grant.retirer not in self._principals():
            yield self._on("RetireGrant", key)

    def _on_named_key(self) -> Iterator[Need]:
        key_id, operation = str(self.given["KeyId"]), self.operation
        name = names.parse(key_id, self.scope, aliases=operation in subjects.WITH_ALIASES)
        if operation == "describe_key" and managed.is_foreseen(name) and names.find(self.tx, name) is None:
            yield Need(action="kms:DescribeKey", resource=name.arn)
            return
        context = self.given.get("EncryptionContext") or {}
        yield self._on(self._action, self._key(name, self._action), context, _of_alias(name))
        if operation == "replicate_key":
            yield Need(action="kms:CreateKey", context=self._request())
            if self.given.get("Tags"):
                yield Need(action="kms:TagResource", context=self._request())

    def _key(self, name: Name, action: str) -> Key:
        """Raises NotFoundException for an own key that is not there, AccessDeniedException for another's."""
        if name.scope.account == self.scope.account:
            return names.existing(self.tx, name)
        found = names.find(self.tx, name) if self.operation in _ABROAD else None
        if found is None:
            raise unseen(self.caller.arn, f"kms:{action}", name.arn)
        return found

    def _on(
        self, action: str, key: Key, context: Mapping[str, str] = _NOTHING, told: Mapping[str, Value] = _NOTHING
    ) -> Need:
        def facts() -> dict[str, Value]:
            return self._request() | _of_context(context) | dict(told) | self._of_key(key)

        return Need(
            action=f"kms:{action}", resource=key.arn, account=key.account, policy=key.evaluated_policy, must_allow=True,
            granted=self._is_granted(action, key, context), tags=lambda: key.tags, context=_Facts(facts),
        )  # fmt: skip

    def _is_granted(self, action: str, key: Key, context: Mapping[str, str]) -> bool:
        held = list(grants.held_by(self.tx, key, self._principals()))
        if action == "CreateGrant" and held:
            new = grants.wanted(self.given, key, "", "", self.tx.now)
            return any(grant.admits_grant(new) for grant in held)
        return any(self._admits(grant, action, context) for grant in held)

    def _admits(self, grant: Grant, action: str, context: Mapping[str, str]) -> bool:
        return grant.admits(action, context, self.caller.source_arn)

    def _principals(self) -> list[str]:
        """The names by which a grant may mean the caller."""
        unique = self.caller.id.partition(":")[0]
        return list(dict.fromkeys(name for name in (unique, self.caller.arn, self.caller.identity_arn) if name))

    def _request(self) -> dict[str, Value]:
        """What policies may ask of the request and of who makes it."""
        told: dict[str, Value] = dict(_USUAL.get(self.operation, {}))
        told["kms:calleraccount"] = self.caller.account
        if self.caller.via:
            service = self.caller.via[-1].removesuffix(".amazonaws.com")
            told["kms:viaservice"] = f"{service}.{self.scope.region}.amazonaws.com"
        for member, key in _TOLD.items():
            if self.given.get(member) is not None:
                told[key] = _text(self.given[member])
        return told | self._of_tags() | self._of_new_key() | self._of_grant()

    def _of_tags(self) -> dict[str, Value]:
        listed = self.given.get("Tags") or ()
        told: dict[str, Value] = {f"aws:requesttag/{tag['TagKey'].lower()}": tag["TagValue"] for tag in listed}
        touched = [tag["TagKey"] for tag in listed] or list(self.given.get("TagKeys") or ())
        return told | ({"aws:tagkeys": touched} if touched else {})

    def _of_new_key(self) -> dict[str, Value]:
        if self.operation != "create_key":
            return {}
        given = {"kms:keyspec": "KeySpec", "kms:keyusage": "KeyUsage", "kms:keyorigin": "Origin"}
        told: dict[str, Value] = {key: self.given[m] for key, m in given.items() if self.given.get(m)}
        return told | {"kms:multiregion": _text(bool(self.given.get("MultiRegion")))}

    def _of_grant(self) -> dict[str, Value]:
        if self.operation not in ("create_grant", "list_grants", "revoke_grant"):
            return {}
        by_service = bool(self.caller.via) or self.caller.kind is Kind.SERVICE
        kinds = [name for name in self.given.get("Constraints") or {} if name.startswith("EncryptionContext")]
        told: dict[str, Value] = {"kms:grantisforawsresource": _text(by_service)}
        return told | ({"kms:grantconstrainttype": kinds} if kinds else {})

    def _of_key(self, key: Key) -> dict[str, Value]:
        told: dict[str, Value] = {
            "kms:keyspec": key.spec,
            "kms:keyusage": key.usage,
            "kms:keyorigin": key.origin,
            "kms:multiregion": _text(key.multi_region),
        }
        names_of_key = aliases.of_key(self.tx, key)
        if names_of_key:
            told["kms:resourcealiases"] = names_of_key
        if key.multi_region:
            kind = "PRIMARY" if multi_region.is_primary(self.tx, key) else "REPLICA"
            told |= {"kms:multiregionkeytype": kind, "kms:primaryregion": multi_region.family(self.tx, key).primary}
        return told


def _of_context(context: Mapping[str, str]) -> dict[str, Value]:
    if not context:
        return {}
    told: dict[str, Value] = {f"kms:encryptioncontext:{name.lower()}": value for name, value in context.items()}
    return told | {"kms:encryptioncontextkeys": list(context)}


def _of_decryption(asked: Decryption, scope: Scope) -> dict[str, Value]:
    told = _of_alias(asked.name(scope))
    return told | {"kms:encryptionalgorithm": asked.algorithm}


def _of_alias(name: Name) -> dict[str, Value]:
    return {"kms:requestalias": name.alias} if name.alias else {}


def _text(value: Any) -> Value:
    if isinstance(value, list | tuple):
        return [str(part) for part in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
