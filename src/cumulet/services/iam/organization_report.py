"""Which services an organization's policies leave to its accounts, and when the accounts last used them.

Source: IAM API Reference, GenerateOrganizationsAccessReport."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from cumulet.kernel import actions
from cumulet.kernel.audit.use import Use
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.iam.access_advisor import KEPT, TRACKED, granted
from cumulet.services.iam.errors import NoSuchEntity

_SORTING = {
    "SERVICE_NAMESPACE_ASCENDING": (False, False), "SERVICE_NAMESPACE_DESCENDING": (False, True),
    "LAST_AUTHENTICATED_TIME_ASCENDING": (True, False), "LAST_AUTHENTICATED_TIME_DESCENDING": (True, True),
}  # fmt: skip


class Member(NamedTuple):
    """An account, and where it stands ("o-1/r-2/ou-3/")."""

    account: str
    path: str

    @property
    def whole(self) -> str:
        return self.path + self.account


class Access(Record):
    """What is known of one service. `last` and the rest are empty if no account used it."""

    prefix: str
    accounts: int = 0
    last: datetime | None = None
    region: str = ""
    path: str = ""


class OrganizationReport(Record):
    id: str
    asked: datetime
    services: tuple[Access, ...]


def is_below(member: Member, entity_path: str) -> bool:
    """Whether an account is what the path names, or stands under it."""
    return f"{member.whole}/".startswith(entity_path.rstrip("/") + "/")


def accessible(levels: Iterable[Iterable[str]]) -> set[str]:
    """The services that policies leave: those that each level, from the root down, allows; all where none binds."""
    left = set(actions.prefixes())
    for texts in levels:
        left &= granted(list(texts))
    return left


def generate(tx: Transaction, account: str, services: set[str], members: list[Member]) -> OrganizationReport:
    used: dict[str, Access] = {}
    for member in members:
        for prefix, latest in _latest(tx, member.account).items():
            used[prefix] = _with(used.get(prefix, Access(prefix=prefix)), member, latest)
    told = tuple(used.get(prefix, Access(prefix=prefix)) for prefix in sorted(services))
    report = OrganizationReport(id=tx.uuid(), asked=tx.now, services=told)
    tx.put(_key(account, report.id), report)
    return report


def get(tx: ReadTransaction, account: str, report_id: str) -> OrganizationReport:
    """Raises NoSuchEntity."""
    report: OrganizationReport | None = tx.get(_key(account, report_id))
    if report is None or tx.now - report.asked > KEPT:
        raise NoSuchEntity(f"Job with id {report_id} does not exist.")
    return report


def ordered(report: OrganizationReport, key: str) -> list[Access]:
    """Services that nobody used come last, or first where the latest are to come last."""
    by_time, backwards = _SORTING[key]
    services = sorted(report.services, key=lambda each: each.prefix, reverse=backwards and not by_time)
    if by_time:
        services.sort(key=lambda each: each.last.timestamp() if each.last is not None else 0.0, reverse=backwards)
    return services


def _latest(tx: ReadTransaction, account: str) -> dict[str, Use]:
    """By service, the last use that anybody of the account made of it."""
    found: dict[str, Use] = {}
    for use in tx.range(("audit", account, "use")):
        prefix = use.action.partition(":")[0]
        if use.last >= tx.now - TRACKED and (prefix not in found or found[prefix].last < use.last):
            found[prefix] = use
    return found


def _with(access: Access, member: Member, use: Use) -> Access:
    count = access.accounts + 1
    if access.last is not None and access.last >= use.last:
        return Access(prefix=access.prefix, accounts=count, last=access.last, region=access.region, path=access.path)
    return Access(prefix=access.prefix, accounts=count, last=use.last, region=use.region, path=member.whole)


def _key(account: str, report_id: str) -> Key:
    return ("iam", account, "organization-reports", report_id)
