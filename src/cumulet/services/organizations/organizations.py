"""Organizations: the account that manages, the accounts that belong, and the root of their tree.

All of an organization is kept under its management account. Each account of it has a pointer there, under its own
number, so that the question asked at every call (where does this account belong?) is one look."""

from __future__ import annotations

from datetime import datetime

from cumulet.kernel import accounts, authority
from cumulet.kernel.ids import Ids
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record, replace
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.organizations.errors import (
    AlreadyInOrganizationException,
    AWSOrganizationsNotInUseException,
    ConstraintViolationException,
)

ALL, BILLING = "ALL", "CONSOLIDATED_BILLING"


class Organization(Record):
    """`types` are the policy types enabled in the root; `migration` the handshake by which all features are enabled."""

    id: str
    management: str
    features: str
    root: str
    created: datetime
    types: tuple[str, ...] = ()
    migration: str = ""

    def key(self, *rest: object) -> Key:
        """The key of something that belongs to this organization."""
        return ("organizations", self.management, *rest)

    def arn(self, resource: str) -> str:
        """The ARN of one of its entities: `arn("ou", "ou-1")`."""
        return f"arn:aws:organizations::{self.management}:{resource}"

    @property
    def own_arn(self) -> str:
        return self.arn(f"organization/{self.id}")

    @property
    def root_arn(self) -> str:
        return self.arn(f"root/{self.id}/{self.root}")


def of(tx: ReadTransaction, account: str) -> Organization | None:
    """The organization that the account belongs to, if any."""
    management = tx.get(pointer(account))
    if management is None:
        return None
    found: Organization | None = tx.get(("organizations", management, "organization"))
    return found


def in_use(tx: ReadTransaction, account: str) -> Organization:
    """The organization that the account belongs to. Raises AWSOrganizationsNotInUseException."""
    found = of(tx, account)
    if found is None:
        raise AWSOrganizationsNotInUseException
    return found


def current(tx: ReadTransaction, organization: Organization) -> Organization:
    """The organization as it is now."""
    found: Organization = tx.get(organization.key("organization"))
    return found


def pointer(account: str) -> Key:
    return ("organizations", account, "belongs-to")


def found(tx: Transaction, account: str, features: str) -> Organization:
    """A new organization, with nothing in it yet. Raises AlreadyInOrganizationException."""
    if of(tx, account) is not None:
        raise AlreadyInOrganizationException
    organization = Organization(
        id=f"o-{name(tx.ids, 10)}", management=account, features=features, root=f"r-{name(tx.ids, 4)}", created=tx.now
    )
    keep(tx, organization)
    return organization


def keep(tx: Transaction, organization: Organization) -> None:
    tx.put(organization.key("organization"), organization)
    authority.organization_changed(tx)


def change(tx: Transaction, organization: Organization, **changes: object) -> Organization:
    changed = replace(current(tx, organization), **changes)
    keep(tx, changed)
    return changed


def demand_all_features(organization: Organization) -> None:
    if organization.features != ALL:
        raise ConstraintViolationException("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE")


def name(ids: Ids, length: int) -> str:
    """Small letters and digits, as the ids of Organizations are made of."""
    return ids.alphanumeric(length).lower()


def as_wire(tx: ReadTransaction, organization: Organization) -> dict[str, object]:
    """AvailablePolicyTypes tells of service control policies alone, as AWS has left it; ListRoots tells all."""
    available = [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}] if organization.features == ALL else []
    return {
        "Id": organization.id,
        "Arn": organization.own_arn,
        "FeatureSet": organization.features,
        "MasterAccountArn": organization.arn(f"account/{organization.id}/{organization.management}"),
        "MasterAccountId": organization.management,
        "MasterAccountEmail": accounts.find(tx, organization.management).email,
        "AvailablePolicyTypes": available,
    }
