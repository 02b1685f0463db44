"""What a cloud keeps, to compare before and after. What merely tells of calls (the audit) is left out."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.kernel import Kernel

State = dict[tuple[Any, ...], Any]

_TELLS_OF_CALLS = ("audit", "jobs")


def kept(kernel: Kernel, account: str | None = None) -> State:
    """Every key and value, or those that have the account in their key or their value."""
    with kernel.store.snapshot() as tx:
        items = [(key, value) for key, value in tx.items(()) if key[0] not in _TELLS_OF_CALLS]
    return {key: value for key, value in items if account is None or account in key or account in repr(value)}


def differences(before: State, after: State) -> list[str]:
    gone = [f"gone: {key}" for key in before.keys() - after.keys()]
    new = [f"new: {key}" for key in after.keys() - before.keys()]
    changed = [f"changed: {key}" for key in before.keys() & after.keys() if before[key] != after[key]]
    return [*gone, *new, *changed]
