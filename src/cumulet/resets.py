"""Rules that forget: one service's state, one account's, or everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cumulet.kernel import jobs
from cumulet.kernel.events import Event
from cumulet.kernel.identity import AccessKey, Kind
from cumulet.kernel.jobs import Job
from cumulet.kernel.keys import Key
from cumulet.kernel.scope import Scope

if TYPE_CHECKING:
    from cumulet.kernel.kernel import Kernel
    from cumulet.kernel.store import Transaction

T = TypeVar("T")

_CLOCK = ("kernel", "clock")
_KEYS = ("identity", "keys")


def everything(tx: Transaction) -> None:
    """Forget all but the clock's setting and the keys of roots: who runs the cloud is not locked out of it.

    Files of blobs are left over; the next start of a kernel sweeps them."""
    clock = tx.get(_CLOCK)
    roots = [key for key in tx.range(_KEYS) if key.caller.kind is Kind.ROOT]
    tx.delete_range(())
    if clock is not None:
        tx.put(_CLOCK, clock)
    for key in roots:
        _put_root_key(tx, key)


def part(tx: Transaction, kernel: Kernel, service: str | None, account: str | None) -> None:
    """Forget the state of one service or account, or of a service in an account; with its jobs and events."""
    for name in kernel.registry.names if service is None else [service]:
        kernel.registry.load(name).reset(tx, kernel.blobs, account)
    for _, job in _all(tx, Job, ("jobs", "due")):
        if concerns(job.handler, job.scope, service, account):
            jobs.finish(tx, job)
    for key, job in _all(tx, Job, ("jobs", "failed")):
        if concerns(job.handler, job.scope, service, account):
            tx.delete(key)
    for key, event in _all(tx, Event, ("events", "log")):
        if concerns(event.type, event.scope, service, account):
            tx.delete(key)


def _all(tx: Transaction, kind: type[T], prefix: Key) -> list[tuple[Key, T]]:
    return list(tx.items(prefix))


def concerns(what: str, scope: Scope, service: str | None, account: str | None) -> bool:
    """`what` begins with the name of a service, and a dot."""
    return (service is None or what.partition(".")[0] == service) and (account is None or scope.account == account)


def _put_root_key(tx: Transaction, key: AccessKey) -> None:
    tx.put((*_KEYS, key.id), key)
    tx.put(("identity", "keys-of", key.caller.account, key.caller.id, key.created, key.id), key.id)
    tx.put(("identity", "root", key.caller.account), key.id)
