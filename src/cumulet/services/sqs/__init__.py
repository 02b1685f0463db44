"""Amazon SQS: standard and FIFO queues.

Works: every operation of the API (`cumulet coverage sqs`). Encryption settings (SqsManagedSseEnabled, KmsMasterKeyId,
KmsDataKeyReusePeriodSeconds) are only kept and returned: they take effect with KMS. Of a queue's policy, grants to
other accounts and services are enforced (permissions.py); what IAM has to say is not asked yet."""

from cumulet.services.sqs.service import SQS

__all__ = ["SQS"]
