"""Amazon SQS: standard and FIFO queues.

Works: every operation of the API (`cumulet coverage sqs`). Encryption settings (SqsManagedSseEnabled, KmsMasterKeyId,
KmsDataKeyReusePeriodSeconds) are only kept and returned: they have no effect yet."""

from cumulet.services.sqs.service import SQS

__all__ = ["SQS"]
