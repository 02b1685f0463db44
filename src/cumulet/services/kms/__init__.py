"""AWS KMS: keys that never leave, and what can be done with them.

Works: every operation of the API (`cumulet coverage kms`), with real cryptography. There are no custom key stores, no
Nitro Enclaves to encrypt for, no SM2 and no ML-KEM-512 keys; requests for them are refused and say so."""

from cumulet.services.kms.service import KMS

__all__ = ["KMS"]
