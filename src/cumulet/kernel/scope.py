"""Where a thing lives: the account and the Region."""

from __future__ import annotations

from cumulet.kernel.keys import Key
from cumulet.kernel.records import Record

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"


class Scope(Record):
    """An account in a Region. Most services keep their state under `key("service", ...)`."""

    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION

    @property
    def partition(self) -> str:
        """ "aws", or the partition that the Region's name tells (China, GovCloud)."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def key(self, service: str, *rest: object) -> Key:
        """The key of something that `service` keeps for this account and Region."""
        return (service, self.account, self.region, *rest)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


NOWHERE = Scope(account="", region="")
"""The scope of the kernel's own work."""
