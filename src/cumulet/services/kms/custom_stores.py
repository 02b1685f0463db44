"""Custom key stores: there can be none, since there are no CloudHSM clusters and no way to external key managers.

So each operation on one answers what AWS answers of a store, or of a cluster, that does not exist."""

from __future__ import annotations

from typing import NoReturn

from cumulet.kernel.errors import NotImplementedYet
from cumulet.services.kms.errors import (
    CloudHsmClusterNotFoundException,
    CustomKeyStoreNotFoundException,
    ValidationException,
)

_ORIGINS = ("AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")


def check_origin(origin: str, store: str | None, xks_key: str | None) -> None:
    """Whether a key can come from there. Raises ValidationException or CustomKeyStoreNotFoundException."""
    if xks_key is not None and origin != "EXTERNAL_KEY_STORE":
        raise ValidationException("XksKeyId is only valid with the origin EXTERNAL_KEY_STORE.")
    if origin in _ORIGINS and store is None:
        raise ValidationException(f"CustomKeyStoreId is required for the origin {origin}.")
    if store is not None:
        if origin not in _ORIGINS:
            raise ValidationException(f"CustomKeyStoreId is not valid for the origin {origin}.")
        missing(store)


def refuse(kind: str, cluster: str | None) -> NoReturn:
    """Refuse to make a store. Raises CloudHsmClusterNotFoundException, NotImplemented or ValidationException."""
    if kind == "EXTERNAL_KEY_STORE":
        raise NotImplementedYet("Cumulet does not reach external key stores.")
    if cluster is None:
        raise ValidationException("CloudHsmClusterId is required for a custom key store of the type AWS_CLOUDHSM.")
    raise CloudHsmClusterNotFoundException(f"The CloudHSM cluster {cluster} does not exist.")


def missing(store: str) -> NoReturn:
    raise CustomKeyStoreNotFoundException(f"The custom key store {store} does not exist.")
