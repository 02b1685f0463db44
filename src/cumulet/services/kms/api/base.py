"""What all operations of KMS share: they find their key, and run a rule on it in the same transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar

from cumulet.kernel.errors import NotImplementedYet
from cumulet.kernel.service import Service
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.kms import grants, keys, last_uses, materials, names, specs
from cumulet.services.kms.errors import DryRunOperationException, InvalidKeyUsageException
from cumulet.services.kms.keys import Key
from cumulet.services.kms.materials import Ring

P = ParamSpec("P")
T = TypeVar("T")


class KMSBase(Service):
    async def read_key(
        self, key_id: str, rule: Callable[Concatenate[ReadTransaction, Key, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a reading rule on the key of this id or ARN."""
        name = names.parse(key_id, self.scope, aliases=False)
        return await self.store.read(lambda tx: rule(tx, names.existing(tx, name), *args, **kwargs))

    async def write_key(
        self, key_id: str, rule: Callable[Concatenate[Transaction, Key, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a rule on the key of this id or ARN."""
        name = names.parse(key_id, self.scope, aliases=False)
        return await self.store.write(lambda tx: rule(tx, names.existing(tx, name), *args, **kwargs))

    async def key_for(self, operation: str, key_id: str, usage: str, tokens: Sequence[str] = ()) -> tuple[Key, Ring]:
        """A key to do cryptography with, by any of its names. Raises what forbids it."""
        name = names.parse(key_id, self.scope, aliases=True)
        grants.check_tokens(tokens)

        def find(tx: ReadTransaction) -> tuple[Key, Ring]:
            return usable(tx, names.existing(tx, name), operation, usage)

        return await self.store.read(find)

    async def used(self, operation: str, key: Key) -> None:
        """Remember the use of a key."""
        if await self.store.read(last_uses.is_news, key, operation):
            await self.store.write(last_uses.note, key, operation, self.request.id)


def usable(tx: ReadTransaction, key: Key, operation: str, usage: str) -> tuple[Key, Ring]:
    """The key with its material. Raises what forbids to use it so."""
    keys.require_usable(tx, key)
    if key.usage != usage:
        raise InvalidKeyUsageException.usage(key.arn, key.usage, operation)
    return key, materials.ring(tx, key)


def stop_dry_run(dry_run: bool) -> None:
    """To be called when everything else was checked."""
    if dry_run:
        raise DryRunOperationException


def refuse_recipient(recipient: Any) -> None:
    """No enclave can attest itself to this cloud, so nothing can be encrypted for one."""
    if recipient is not None:
        refuse_enclaves()


def refuse_enclaves() -> NoReturn:
    raise NotImplementedYet("Cumulet has no Nitro Enclaves, so it answers no request with a Recipient.")


async def private_work(spec: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do something with a private key; on a thread where that takes long, as it does with RSA."""
    if specs.SPECS[spec].name.startswith("RSA"):
        return await asyncio.to_thread(work, *args, **kwargs)
    return work(*args, **kwargs)
