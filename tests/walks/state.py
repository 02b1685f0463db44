"""What a cloud keeps, to compare before and after. What merely tells of calls (the audit) is left out."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.kernel import Kernel

State = dict[tuple[Any, ...], Any]

_TELLS_OF_CALLS = ("audit", "jobs")


def kept(kernel: Kernel) -> State:
    """Every key and value."""
    with kernel.store.snapshot() as tx:
        return {key: value for key, value in tx.items(()) if key[0] not in _TELLS_OF_CALLS}


def of_account(state: State, account: str) -> State:
    """What has the account's number in its key or in its value."""
    return {key: value for key, value in state.items() if account in key or account in repr(value)}


def differences(before: State, after: State) -> list[str]:
    gone = [f"gone: {key}" for key in before.keys() - after.keys()]
    new = [f"new: {key}" for key in after.keys() - before.keys()]
    changed = [f"changed: {key}" for key in before.keys() & after.keys() if before[key] != after[key]]
    return [*gone, *new, *changed]


def intrusions(before: State, after: State, account: str) -> list[str]:
    """What happened to what belongs to an account. Others may keep its number in what is their own."""
    mine = of_account(before, account)
    remaining = {key: value for key, value in after.items() if key in mine or account in key}
    return differences(mine, remaining)
