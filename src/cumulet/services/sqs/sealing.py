"""Messages of queues that a key of KMS protects (SSE-KMS): bodies and attributes lie encrypted under a data key.

A data key serves the principal who asked for it as long as the queue says (KmsDataKeyReusePeriodSeconds), so that KMS
is not called for every message; for that while it is kept, wrapped by the cloud's master key. What is sealed stays so
when the message moves to another queue, and opens with the key that sealed it.

Sources: SQS Developer Guide, "Encryption at rest", "Key management" (a sender needs kms:GenerateDataKey and
kms:Decrypt, a receiver kms:Decrypt; data keys are not shared between principals)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from cumulet.kernel import ciphers
from cumulet.kernel.keyring import Keyring
from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record
from cumulet.kernel.store import ReadTransaction, Transaction
from cumulet.services.sqs.attributes import Settings
from cumulet.services.sqs.queues import Queue

DEFAULT_KEY = "alias/aws/sqs"


class Sealed(Record):
    """What a message carries, encrypted. `blob` is the data key as KMS encrypted it, under `kms_key`, for the queue
    `arn` to which the message was sent."""

    kms_key: str
    blob: bytes
    arn: str
    nonce: bytes
    data: bytes


class DataKey(Record):
    """A data key while it serves. `wrapped` is it under the cloud's master key."""

    kms_key: str
    blob: bytes
    wrapped: bytes
    until: datetime


class Vault(NamedTuple):
    """With whose data keys a rule seals and opens."""

    keyring: Keyring
    who: str


class KeyWanted(Exception):
    """Nothing was done, since a data key is missing: a fresh one, or that which a `sealed` message needs. Whoever ran
    the rule asks KMS for it, keeps it, and runs the rule again."""

    def __init__(self, queue: Queue, settings: Settings, sealed: Sealed | None = None) -> None:
        super().__init__()
        self.queue, self.settings, self.sealed = queue, settings, sealed


def seal(tx: Transaction, vault: Vault | None, queue: Queue, settings: Settings, content: tuple[Any, ...]) -> Sealed:
    """Encrypt what a new message carries. Raises KeyWanted."""
    assert vault is not None, "who sends to a queue has a vault"
    key: DataKey | None = tx.get(_writing(queue, settings, vault.who))
    if key is None or tx.now >= key.until:
        raise KeyWanted(queue, settings)
    nonce = tx.ids.bytes(ciphers.NONCE_BYTES)
    data = ciphers.seal(vault.keyring.unwrap(key.wrapped), nonce, msgspec.msgpack.encode(content), queue.arn.encode())
    return Sealed(kms_key=key.kms_key, blob=key.blob, arn=queue.arn, nonce=nonce, data=data)


def unseal(tx: ReadTransaction, vault: Vault | None, queue: Queue, settings: Settings, sealed: Sealed) -> list[Any]:
    """What `seal` encrypted. Raises KeyWanted."""
    assert vault is not None, "who receives from a queue has a vault"
    key: DataKey | None = tx.get(_reading(queue, settings, vault.who, sealed.blob))
    if key is None or tx.now >= key.until:
        raise KeyWanted(queue, settings, sealed)
    data = ciphers.unseal(vault.keyring.unwrap(key.wrapped), sealed.nonce, sealed.data, sealed.arn.encode())
    content: list[Any] = msgspec.msgpack.decode(data)
    return content


def keep(tx: Transaction, vault: Vault, wanted: KeyWanted, kms_key: str, blob: bytes, plaintext: bytes) -> None:
    """Let a data key serve until its time is over: to open what it sealed, and a fresh one to seal also."""
    until = tx.now + timedelta(seconds=wanted.settings.kms_data_key_reuse_period_seconds)
    key = DataKey(kms_key=kms_key, blob=blob, wrapped=vault.keyring.wrap(plaintext, tx.now), until=until)
    places = [_reading(wanted.queue, wanted.settings, vault.who, blob)]
    if wanted.sealed is None:
        places.append(_writing(wanted.queue, wanted.settings, vault.who))
    for place in places:
        tx.put(place, key)
        tx.schedule(until, "sqs.forget_data_key", {"place": list(place)}, scope=wanted.queue.scope)


def forget(tx: Transaction, place: Key) -> None:
    """A data key whose time is over. One that came in its place meanwhile stays."""
    found: DataKey | None = tx.get(place)
    if found is not None and tx.now >= found.until:
        tx.delete(place)


def key_arn(queue: Queue, given: str) -> str:
    """A queue names its key by ARN, or by an id or alias of its own account and Region, whoever sends."""
    if given.startswith("arn:"):
        return given
    return queue.scope.arn("kms", given if given.startswith("alias/") else f"key/{given}")


def _writing(queue: Queue, settings: Settings, who: str) -> Key:
    return queue.scope.key("sqs", "data-key", settings.id, "write", who, settings.kms_master_key_id)


def _reading(queue: Queue, settings: Settings, who: str, blob: bytes) -> Key:
    digest = hashlib.blake2b(blob, digest_size=16).hexdigest()
    return queue.scope.key("sqs", "data-key", settings.id, "read", who, digest)
