"""Amazon SQS: standard and FIFO queues.

Works: see `cumulet coverage sqs`. Queue policies and encryption settings are kept and returned; they take effect
with IAM and KMS."""

from cumulet.services.sqs.service import SQS

__all__ = ["SQS"]
