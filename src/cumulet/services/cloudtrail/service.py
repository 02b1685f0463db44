"""AWS CloudTrail as its clients see it. The operations are in api/, the rules in the modules named by nouns."""

from __future__ import annotations

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.forgetting import forget
from cumulet.kernel.store import Transaction
from cumulet.services.cloudtrail.api.history import History
from cumulet.services.cloudtrail.api.selectors import Selectors
from cumulet.services.cloudtrail.api.stores import Stores
from cumulet.services.cloudtrail.api.tagging import Tagging
from cumulet.services.cloudtrail.api.trails import Trails

_LAKE = "Cumulet keeps event data stores, but does not fill them yet, so there is nothing to {}."
_ABSENT = {
    **dict.fromkeys(
        ("start_query", "describe_query", "get_query_results", "list_queries", "cancel_query", "generate_query"),
        _LAKE.format("query"),
    ),
    **dict.fromkeys(("start_import", "get_import", "list_imports", "stop_import"), _LAKE.format("import into")),
    **dict.fromkeys(("enable_federation", "disable_federation"), _LAKE.format("federate")),
    **dict.fromkeys(
        ("list_insights_data", "list_insights_metric_data"), "Cumulet does not detect Insights events yet."
    ),
}


class CloudTrail(History, Trails, Selectors, Stores, Tagging):
    """Every operation; each noun has a class of its own."""

    absent = _ABSENT

    @classmethod
    def reset(cls, tx: Transaction, blobs: Blobs, account: str | None) -> None:
        """With the record itself, which the kernel keeps."""
        super().reset(tx, blobs, account)
        forget(tx, blobs, ("audit",) if account is None else ("audit", account))
