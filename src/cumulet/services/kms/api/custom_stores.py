"""Custom key stores as clients ask for them. Why there are none is in ../custom_stores.py."""

from __future__ import annotations

from typing import Any

from cumulet.services.kms import custom_stores, pages
from cumulet.services.kms.api.base import KMSBase


class CustomStores(KMSBase):
    async def create_custom_key_store(
        self,
        *,
        CustomKeyStoreName: str,
        CloudHsmClusterId: str | None = None,
        TrustAnchorCertificate: str | None = None,
        KeyStorePassword: str | None = None,
        CustomKeyStoreType: str = "AWS_CLOUDHSM",
        **external: Any,
    ) -> dict[str, Any]:
        custom_stores.refuse(CustomKeyStoreType, CloudHsmClusterId)

    async def describe_custom_key_stores(
        self,
        *,
        CustomKeyStoreId: str | None = None,
        CustomKeyStoreName: str | None = None,
        Limit: int | None = None,
        Marker: str | None = None,
    ) -> dict[str, Any]:
        pages.after(Marker)
        wanted = CustomKeyStoreId or CustomKeyStoreName
        if wanted is not None:
            custom_stores.missing(wanted)
        return {"CustomKeyStores": [], "Truncated": False}

    async def connect_custom_key_store(self, *, CustomKeyStoreId: str) -> dict[str, Any]:
        custom_stores.missing(CustomKeyStoreId)

    async def disconnect_custom_key_store(self, *, CustomKeyStoreId: str) -> dict[str, Any]:
        custom_stores.missing(CustomKeyStoreId)

    async def delete_custom_key_store(self, *, CustomKeyStoreId: str) -> dict[str, Any]:
        custom_stores.missing(CustomKeyStoreId)

    async def update_custom_key_store(self, *, CustomKeyStoreId: str, **changes: Any) -> dict[str, Any]:
        custom_stores.missing(CustomKeyStoreId)
