"""The operations about identity providers: SAML and OpenID Connect."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.services.iam import certificates, oidc_providers, saml_providers, tags
from cumulet.services.iam.api.tagged import Tagged, member
from cumulet.services.iam.errors import InvalidInput
from cumulet.services.iam.saml_providers import Metadata


class SamlProviders(Tagged):
    async def create_saml_provider(
        self,
        *,
        SAMLMetadataDocument: str,
        Name: str,
        Tags: Sequence[Mapping[str, str]] = (),
        AssertionEncryptionMode: str = "",
        AddPrivateKey: str | None = None,
    ) -> dict[str, Any]:
        metadata, given = await _read(SAMLMetadataDocument), tags.read(Tags)
        provider = await self.store.write(
            saml_providers.create, self.scope, Name, metadata, encryption=AssertionEncryptionMode,
            key=await self._sealed(AddPrivateKey), tags=given,
        )  # fmt: skip
        return {"SAMLProviderArn": provider.arn, **member(provider.tags)}

    async def get_saml_provider(self, *, SAMLProviderArn: str) -> dict[str, Any]:
        found = await self.store.read(saml_providers.get, self.scope.account, SAMLProviderArn)
        keys = [{"KeyId": key.id, "Timestamp": key.uploaded} for key in found.keys]
        return {
            "SAMLProviderUUID": found.id,
            "SAMLMetadataDocument": found.metadata,
            "CreateDate": found.created,
            "ValidUntil": found.valid_until,
            **({"AssertionEncryptionMode": found.encryption} if found.encryption else {}),
            **({"PrivateKeyList": keys} if keys else {}),
            **member(found.tags),
        }

    async def list_saml_providers(self) -> dict[str, Any]:
        every = await self.store.read(saml_providers.listed, self.scope.account)
        return {
            "SAMLProviderList": [
                {"Arn": each.arn, "ValidUntil": each.valid_until, "CreateDate": each.created} for each in every
            ]
        }

    async def update_saml_provider(
        self,
        *,
        SAMLProviderArn: str,
        SAMLMetadataDocument: str | None = None,
        AssertionEncryptionMode: str = "",
        AddPrivateKey: str | None = None,
        RemovePrivateKey: str | None = None,
    ) -> dict[str, Any]:
        metadata = None if SAMLMetadataDocument is None else await _read(SAMLMetadataDocument)
        await self.store.write(
            saml_providers.update, self.scope.account, SAMLProviderArn, metadata, encryption=AssertionEncryptionMode,
            key=await self._sealed(AddPrivateKey), gone=RemovePrivateKey,
        )  # fmt: skip
        return {"SAMLProviderArn": SAMLProviderArn}

    async def delete_saml_provider(self, *, SAMLProviderArn: str) -> dict[str, Any]:
        await self.store.write(saml_providers.delete, self.scope.account, SAMLProviderArn)
        return {}

    async def tag_saml_provider(self, *, SAMLProviderArn: str, Tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        return await self._tag(saml_providers.get, saml_providers.set_tags, SAMLProviderArn, Tags)

    async def untag_saml_provider(self, *, SAMLProviderArn: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        return await self._untag(saml_providers.get, saml_providers.set_tags, SAMLProviderArn, TagKeys)

    async def list_saml_provider_tags(
        self, *, SAMLProviderArn: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return await self._tags_of(saml_providers.get, SAMLProviderArn, Marker, MaxItems)

    async def _sealed(self, private_key: str | None) -> bytes | None:
        if private_key is None:
            return None
        if not await asyncio.to_thread(certificates.is_private_key, private_key):
            raise InvalidInput("The private key is not in PEM format, or is encrypted itself.")
        return self.kernel.keyring.wrap(private_key.encode(), self.clock.now())


class OpenIdConnectProviders(Tagged):
    async def create_open_id_connect_provider(
        self,
        *,
        Url: str,
        ClientIDList: Sequence[str] = (),
        ThumbprintList: Sequence[str] = (),
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        given = tags.read(Tags)
        rule = oidc_providers.create
        provider = await self.store.write(rule, self.scope, Url, ClientIDList, ThumbprintList, given)
        return {"OpenIDConnectProviderArn": provider.arn, **member(provider.tags)}

    async def get_open_id_connect_provider(self, *, OpenIDConnectProviderArn: str) -> dict[str, Any]:
        found = await self.store.read(oidc_providers.get, self.scope.account, OpenIDConnectProviderArn)
        return {
            "Url": found.url,
            "ClientIDList": list(found.clients),
            "ThumbprintList": list(found.thumbprints),
            "CreateDate": found.created,
            **member(found.tags),
        }

    async def list_open_id_connect_providers(self) -> dict[str, Any]:
        every = await self.store.read(oidc_providers.listed, self.scope.account)
        return {"OpenIDConnectProviderList": [{"Arn": each.arn} for each in every]}

    async def add_client_id_to_open_id_connect_provider(
        self, *, OpenIDConnectProviderArn: str, ClientID: str
    ) -> dict[str, Any]:
        await self.store.write(oidc_providers.add_client, self.scope.account, OpenIDConnectProviderArn, ClientID)
        return {}

    async def remove_client_id_from_open_id_connect_provider(
        self, *, OpenIDConnectProviderArn: str, ClientID: str
    ) -> dict[str, Any]:
        await self.store.write(oidc_providers.remove_client, self.scope.account, OpenIDConnectProviderArn, ClientID)
        return {}

    async def update_open_id_connect_provider_thumbprint(
        self, *, OpenIDConnectProviderArn: str, ThumbprintList: Sequence[str]
    ) -> dict[str, Any]:
        rule = oidc_providers.set_thumbprints
        await self.store.write(rule, self.scope.account, OpenIDConnectProviderArn, ThumbprintList)
        return {}

    async def delete_open_id_connect_provider(self, *, OpenIDConnectProviderArn: str) -> dict[str, Any]:
        await self.store.write(oidc_providers.delete, self.scope.account, OpenIDConnectProviderArn)
        return {}

    async def tag_open_id_connect_provider(
        self, *, OpenIDConnectProviderArn: str, Tags: Sequence[Mapping[str, str]]
    ) -> dict[str, Any]:
        return await self._tag(oidc_providers.get, oidc_providers.set_tags, OpenIDConnectProviderArn, Tags)

    async def untag_open_id_connect_provider(
        self, *, OpenIDConnectProviderArn: str, TagKeys: Sequence[str]
    ) -> dict[str, Any]:
        return await self._untag(oidc_providers.get, oidc_providers.set_tags, OpenIDConnectProviderArn, TagKeys)

    async def list_open_id_connect_provider_tags(
        self, *, OpenIDConnectProviderArn: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return await self._tags_of(oidc_providers.get, OpenIDConnectProviderArn, Marker, MaxItems)


async def _read(document: str) -> Metadata:
    return await asyncio.to_thread(saml_providers.read, document)
