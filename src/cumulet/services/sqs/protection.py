"""Asking KMS for data keys, on behalf of who sends or receives. The rules are in sealing.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cumulet.kernel.errors import ServiceError
from cumulet.kernel.service import Service, job
from cumulet.services.sqs import errors, sealing
from cumulet.services.sqs.sealing import KeyWanted, Vault

T = TypeVar("T")


class Protection(Service):
    @property
    def vault(self) -> Vault:
        return Vault(self.kernel.keyring, f"{self.caller.arn} {self.caller.id}")

    async def with_keys(self, rule: Callable[..., T], *args: Any, **more: Any) -> T:
        """Run a rule that seals or opens messages, fetching the keys that it wants. Raises KMS's refusals."""
        while True:
            try:
                return await self.store.write(rule, *args, **more, vault=self.vault)
            except KeyWanted as wanted:
                await self._fetch(wanted)

    @job
    async def forget_data_key(self, *, place: list[Any]) -> None:
        await self.store.write(sealing.forget, tuple(place))

    async def _fetch(self, wanted: KeyWanted) -> None:
        if wanted.sealed is None:
            kms_key, blob = await self._generated(wanted)
            arn = wanted.queue.arn
        else:
            kms_key, blob, arn = wanted.sealed.kms_key, wanted.sealed.blob, wanted.sealed.arn
        # Of a fresh key too: AWS verifies it so, and senders need the permission.
        opened = await self._ask(
            "decrypt", _region(kms_key), CiphertextBlob=blob, KeyId=kms_key, EncryptionContext=_context(arn)
        )
        await self.store.write(sealing.keep, self.vault, wanted, kms_key, blob, opened["Plaintext"])

    async def _generated(self, wanted: KeyWanted) -> tuple[str, bytes]:
        queue, given = wanted.queue, wanted.settings.kms_master_key_id
        region, arn = queue.scope.region, sealing.key_arn(queue, given)
        if arn.endswith(f":{sealing.DEFAULT_KEY}") and self.caller.account == queue.scope.account:
            await self._ask("default_key", region, Service="sqs")
        made = await self._ask(
            "generate_data_key", region, KeyId=arn, KeySpec="AES_256", EncryptionContext=_context(queue.arn)
        )
        return made["KeyId"], made["CiphertextBlob"]

    async def _ask(self, operation: str, region: str, **parameters: Any) -> dict[str, Any]:
        kms = self.on_behalf("kms", region=region)
        try:
            answer: dict[str, Any] = await getattr(kms, operation)(**parameters)
        except ServiceError as refusal:
            raise errors.of_kms(refusal) from refusal
        return answer


def _context(arn: str) -> dict[str, str]:
    return {"aws:sqs:arn": arn}


def _region(kms_key: str) -> str:
    """The Region in the ARN of a key that was used."""
    return kms_key.split(":", 5)[3]
