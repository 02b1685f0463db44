"""New key material for each kind of key. RSA keys take long to find, so they are looked for on a thread."""

from __future__ import annotations

import asyncio

from cumulet.kernel.ids import Ids
from cumulet.services.kms import private_keys
from cumulet.services.kms.materials import Fresh
from cumulet.services.kms.specs import Spec


async def material(spec: Spec, ids: Ids) -> Fresh:
    """Fresh material for a key of this spec."""
    if not spec.is_asymmetric:
        return Fresh(secret=ids.bytes(size(spec)))
    if spec.name.startswith("RSA"):
        return await asyncio.to_thread(private_keys.made, spec)
    return private_keys.made(spec)


def size(spec: Spec) -> int:
    """How many bytes the material of a key without a public half has: an HMAC key as many as its hash."""
    return spec.bits // 8
