"""Amazon SQS: standard and FIFO queues.

Works: every operation of the API (`cumulet coverage sqs`). Messages of a queue with a KmsMasterKeyId lie under that key
of KMS (sealing.py, protection.py); SqsManagedSseEnabled is kept and returned, and what is stored is encrypted no further
than the rest of the data directory."""

from cumulet.services.sqs.service import SQS

__all__ = ["SQS"]
