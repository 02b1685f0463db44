"""Settings of an account that have no noun of their own: which tokens STS gives, who is known outside by tokens of
ours, properties in namespaces, and what an organization manages centrally."""

from __future__ import annotations

from collections.abc import Mapping

from cumulet.kernel.keys import Key
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.credential_errors import FeatureDisabled, FeatureEnabled
from cumulet.services.iam.errors import InvalidInput, LimitExceeded

TOKEN_VERSIONS = {"v1Token": 1, "v2Token": 2}
ROOT_CREDENTIALS, ROOT_SESSIONS = "RootCredentialsManagement", "RootSessions"
_MOST_PROPERTIES = 100


def set_token_version(tx: Transaction, account: str, version: int) -> None:
    tx.put(_key(account, "token-version"), version)


def token_version(tx: ReadTransaction, account: str) -> int:
    return tx.get(_key(account, "token-version")) or TOKEN_VERSIONS["v1Token"]


def enable_outbound_federation(tx: Transaction, account: str) -> str:
    """The issuer's URL, which stays the account's own, whatever happens later. Raises FeatureEnabled."""
    if tx.get(_key(account, "outbound")):
        raise FeatureEnabled
    issuer = tx.get(_key(account, "issuer")) or f"https://{tx.uuid()}.tokens.sts.global.api.aws"
    tx.put(_key(account, "issuer"), issuer)
    tx.put(_key(account, "outbound"), True)
    return issuer


def disable_outbound_federation(tx: Transaction, account: str) -> None:
    """Raises FeatureDisabled."""
    outbound_issuer(tx, account)
    tx.delete(_key(account, "outbound"))


def outbound_issuer(tx: ReadTransaction, account: str) -> str:
    """Raises FeatureDisabled."""
    if not tx.get(_key(account, "outbound")):
        raise FeatureDisabled
    issuer: str = tx.get(_key(account, "issuer"))
    return issuer


def properties(tx: ReadTransaction, account: str) -> dict[str, str]:
    return dict(tx.get(_key(account, "properties")) or {})


def put_properties(tx: Transaction, account: str, given: Mapping[str, str]) -> None:
    """Raises InvalidInput for properties of several namespaces, or of none."""
    if not all("/" in name for name in given) or len({name.partition("/")[0] for name in given}) > 1:
        raise InvalidInput("All properties of a request are named Namespace/PropertyName, in one namespace.")
    kept = properties(tx, account) | dict(given)
    if len(kept) > _MOST_PROPERTIES:
        raise LimitExceeded.of("AccountProperties", _MOST_PROPERTIES)
    tx.put(_key(account, "properties"), kept)


def enable_central(tx: Transaction, management_account: str, feature: str) -> list[str]:
    """Let the organization's management account do this for its member accounts; what it may do from now on."""
    kept = sorted({*central(tx, management_account), feature})
    tx.put(_key(management_account, "central"), kept)
    return kept


def disable_central(tx: Transaction, management_account: str, feature: str) -> list[str]:
    kept = [each for each in central(tx, management_account) if each != feature]
    tx.put(_key(management_account, "central"), kept)
    return kept


def central(tx: ReadTransaction, management_account: str) -> list[str]:
    return list(tx.get(_key(management_account, "central")) or ())


def _key(account: str, name: str) -> Key:
    return ("iam", account, "features", name)
