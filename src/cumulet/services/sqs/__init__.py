"""Amazon SQS: standard and FIFO queues.

Works: every operation of the API (`cumulet coverage sqs`). Messages of a queue with a KmsMasterKeyId lie under that key
of KMS (sealing.py, protection.py). SqsManagedSseEnabled is kept and returned: what is stored is protected as the rest
of the data directory is, with it or without."""

from cumulet.services.sqs.service import SQS

__all__ = ["SQS"]
