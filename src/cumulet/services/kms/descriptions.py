"""What DescribeKey tells of a key: of itself, its material and its relatives."""

from __future__ import annotations

from typing import Any

from cumulet.kernel.store import ReadTransaction
from cumulet.services.kms import keys, materials, multi_region, specs
from cumulet.services.kms.keys import Key


def metadata(tx: ReadTransaction, key: Key) -> dict[str, Any]:
    told = keys.plain_metadata(key, tx.now) | specs.as_wire(key.spec, key.usage)
    current = materials.ring(tx, key).current
    if current is not None and specs.SPECS[key.spec].is_symmetric:
        told["CurrentKeyMaterialId"] = current.id
    if key.origin == keys.EXTERNAL and current is not None and current.is_present(tx.now):
        told["ExpirationModel"] = current.expiration_model
        if current.expires is not None:
            told["ValidTo"] = current.expires
    if key.multi_region:
        told["MultiRegionConfiguration"] = multi_region.as_wire(tx, key)
    return told
