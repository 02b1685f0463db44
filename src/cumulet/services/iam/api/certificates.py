"""The operations about server certificates and signing certificates."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from cumulet.kernel.service import internal
from cumulet.services.iam import access_keys, pages, paths, server_certificates, signing_certificates, tags
from cumulet.services.iam.api.own import Own
from cumulet.services.iam.api.tagged import Tagged, member
from cumulet.services.iam.owners import Owner
from cumulet.services.iam.server_certificates import ServerCertificate
from cumulet.services.iam.signing_certificates import SigningCertificate


class ServerCertificates(Tagged):
    async def upload_server_certificate(
        self,
        *,
        ServerCertificateName: str,
        CertificateBody: str,
        PrivateKey: str,
        CertificateChain: str | None = None,
        Path: str | None = None,
        Tags: Sequence[Mapping[str, str]] = (),
    ) -> dict[str, Any]:
        path, given = paths.check_path(Path), tags.read(Tags)
        paths.check_name("serverCertificateName", ServerCertificateName)
        expires = await asyncio.to_thread(server_certificates.check, CertificateBody, PrivateKey, CertificateChain)
        sealed = self.kernel.keyring.wrap(PrivateKey.encode(), self.clock.now())
        certificate = await self.store.write(
            server_certificates.upload, self.scope, path, ServerCertificateName, body=CertificateBody.strip(),
            chain=CertificateChain and CertificateChain.strip(), expires=expires, sealed_key=sealed, tags=given,
        )  # fmt: skip
        return {"ServerCertificateMetadata": _metadata(certificate), **member(certificate.tags)}

    async def get_server_certificate(self, *, ServerCertificateName: str) -> dict[str, Any]:
        found = await self.store.read(server_certificates.get, self.scope.account, ServerCertificateName)
        return {"ServerCertificate": _shown(found)}

    async def list_server_certificates(
        self, *, PathPrefix: str = "/", Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        every = await self.store.read(_listed, self.scope.account, PathPrefix)
        page, more = pages.cut(every, lambda certificate: certificate.name.lower(), Marker, MaxItems)
        return {"ServerCertificateMetadataList": [_metadata(each) for each in page], **more}

    async def update_server_certificate(
        self, *, ServerCertificateName: str, NewPath: str | None = None, NewServerCertificateName: str | None = None
    ) -> dict[str, Any]:
        path = None if NewPath is None else paths.check_path(NewPath, "newPath")
        if NewServerCertificateName is not None:
            paths.check_name("newServerCertificateName", NewServerCertificateName)
        rule = server_certificates.rename
        await self.store.write(rule, self.scope, ServerCertificateName, path, NewServerCertificateName)
        return {}

    async def delete_server_certificate(self, *, ServerCertificateName: str) -> dict[str, Any]:
        await self.store.write(server_certificates.delete, self.scope.account, ServerCertificateName)
        return {}

    async def tag_server_certificate(
        self, *, ServerCertificateName: str, Tags: Sequence[Mapping[str, str]]
    ) -> dict[str, Any]:
        return await self._tag(server_certificates.get, server_certificates.set_tags, ServerCertificateName, Tags)

    async def untag_server_certificate(self, *, ServerCertificateName: str, TagKeys: Sequence[str]) -> dict[str, Any]:
        return await self._untag(server_certificates.get, server_certificates.set_tags, ServerCertificateName, TagKeys)

    async def list_server_certificate_tags(
        self, *, ServerCertificateName: str, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        return await self._tags_of(server_certificates.get, ServerCertificateName, Marker, MaxItems)

    @internal
    async def open_server_certificate(self, *, ServerCertificateName: str) -> dict[str, Any]:
        """A server certificate with its private key, for the service that shows it to clients."""
        found = await self.store.read(server_certificates.get, self.scope.account, ServerCertificateName)
        return _shown(found) | {"PrivateKey": self.kernel.keyring.unwrap(found.sealed_key).decode()}


class SigningCertificates(Own):
    async def upload_signing_certificate(self, *, CertificateBody: str, UserName: str | None = None) -> dict[str, Any]:
        owner, certificate = await self._told(UserName, signing_certificates.upload, CertificateBody)
        return {"Certificate": _signing(owner, certificate)}

    async def list_signing_certificates(
        self, *, UserName: str | None = None, Marker: str | None = None, MaxItems: int | None = None
    ) -> dict[str, Any]:
        owner, every = await self._seen(UserName, signing_certificates.listed)
        page, more = pages.cut(every, lambda each: f"{each.uploaded.isoformat()} {each.id}", Marker, MaxItems)
        return {"Certificates": [_signing(owner, each) for each in page], **more}

    async def update_signing_certificate(
        self, *, CertificateId: str, Status: str, UserName: str | None = None
    ) -> dict[str, Any]:
        await self._owned(UserName, signing_certificates.set_status, CertificateId, Status)
        return {}

    async def delete_signing_certificate(self, *, CertificateId: str, UserName: str | None = None) -> dict[str, Any]:
        await self._owned(UserName, signing_certificates.delete, CertificateId)
        return {}


def _listed(tx: Any, account: str, path_prefix: str) -> list[ServerCertificate]:
    return list(server_certificates.listed(tx, account, path_prefix))


def _shown(certificate: ServerCertificate) -> dict[str, Any]:
    chain = {} if certificate.chain is None else {"CertificateChain": certificate.chain}
    shown = {"ServerCertificateMetadata": _metadata(certificate), "CertificateBody": certificate.body}
    return shown | chain | member(certificate.tags)


def _metadata(certificate: ServerCertificate) -> dict[str, Any]:
    return {
        "Path": certificate.path,
        "ServerCertificateName": certificate.name,
        "ServerCertificateId": certificate.id,
        "Arn": certificate.arn,
        "UploadDate": certificate.created,
        "Expiration": certificate.expires,
    }


def _signing(owner: Owner, certificate: SigningCertificate) -> dict[str, Any]:
    return {
        **owner.named,
        "CertificateId": certificate.id,
        "CertificateBody": certificate.body,
        "Status": access_keys.ACTIVE if certificate.active else access_keys.INACTIVE,
        "UploadDate": certificate.uploaded,
    }
