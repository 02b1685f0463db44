"""Regions that an account uses: some always, the younger ones when it has opted in.

Source: Account Management Reference Guide, Enable or disable AWS Regions in your account: the table of Regions that are
enabled by default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cumulet.kernel import regions
from cumulet.kernel.scope import Scope
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.account.errors import ConflictException, ValidationException

ENABLED, ENABLING, DISABLED, DISABLING = "ENABLED", "ENABLING", "DISABLED", "DISABLING"
_ALWAYS = frozenset({
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1",
    "us-east-2", "us-west-1", "us-west-2",
})  # fmt: skip
_DONE = {ENABLING: ENABLED, DISABLING: DISABLED}


def status(tx: ReadTransaction, account: str, region: str) -> str:
    """Raises ValidationException for what is no Region of the partition."""
    if region not in names():
        raise ValidationException.of_region(f"Region {region[:50]} does not exist.")
    if region in _ALWAYS:
        return "ENABLED_BY_DEFAULT"
    return tx.get(("account", account, "regions", region)) or DISABLED


def opt(tx: Transaction, account: str, region: str, *, is_wanted: bool) -> None:
    """Begin to enable or disable a Region; a job ends it. Nothing happens if it is as wanted."""
    now = status(tx, account, region)
    if region in _ALWAYS:
        raise ValidationException.of_region(f"Region {region} is enabled by default and cannot be changed.")
    if now in _DONE:
        raise ConflictException(f"Region {region} is {now}; wait until that is done.")
    if now == (ENABLED if is_wanted else DISABLED):
        return
    tx.put(("account", account, "regions", region), ENABLING if is_wanted else DISABLING)
    tx.schedule(tx.now, "account.finish_region", {"name": region}, scope=Scope(account=account), key=account + region)


def finish(tx: Transaction, account: str, region: str) -> None:
    now = status(tx, account, region)
    tx.put(("account", account, "regions", region), _DONE.get(now, now))


def listed(tx: ReadTransaction, account: str, wanted: Sequence[str], after: str) -> Iterator[tuple[str, str]]:
    """Names and states of Regions, of the wanted states or all, after a name."""
    for name in names():
        if name > after and (not wanted or status(tx, account, name) in wanted):
            yield name, status(tx, account, name)


def names() -> list[str]:
    """The Regions of the partition "aws", sorted."""
    return regions.of_partition("aws")
