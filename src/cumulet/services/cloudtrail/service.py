"""AWS CloudTrail as its clients see it. The operations are in api/, the rules in the modules named by nouns."""

from __future__ import annotations

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.forgetting import forget
from cumulet.kernel.store import Transaction
from cumulet.services.cloudtrail.api.channels import Channels
from cumulet.services.cloudtrail.api.dashboards import Dashboards
from cumulet.services.cloudtrail.api.history import History
from cumulet.services.cloudtrail.api.imports import Imports
from cumulet.services.cloudtrail.api.insights import Insights
from cumulet.services.cloudtrail.api.policies import Policies
from cumulet.services.cloudtrail.api.selectors import Selectors
from cumulet.services.cloudtrail.api.stores import Stores
from cumulet.services.cloudtrail.api.tagging import Tagging
from cumulet.services.cloudtrail.api.trails import Trails

_ABSENT = {
    "generate_query": "Cumulet has no language model to make a query of a prompt; SearchSampleQueries finds queries.",
}


class CloudTrail(History, Insights, Trails, Selectors, Stores, Dashboards, Channels, Imports, Policies, Tagging):
    """Every operation; each noun has a class of its own."""

    absent = _ABSENT

    @classmethod
    def reset(cls, tx: Transaction, blobs: Blobs, account: str | None) -> None:
        """With the record itself, which the kernel keeps."""
        super().reset(tx, blobs, account)
        forget(tx, blobs, ("audit",) if account is None else ("audit", account))
