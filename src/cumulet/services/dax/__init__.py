"""Amazon DynamoDB Accelerator (DAX): its control plane, kept and described. There is no cache behind it.

What that means is told in docs/services/dax.md."""

from cumulet.services.dax.service import DAX

__all__ = ["DAX"]
