"""Amazon DynamoDB as its clients see it. The operations are in api/, the rules in the modules named by nouns."""

from __future__ import annotations

from cumulet.services.dynamodb.api.autoscaling import AutoScaling
from cumulet.services.dynamodb.api.backups import Backups
from cumulet.services.dynamodb.api.batches import Batches
from cumulet.services.dynamodb.api.destinations import Destinations
from cumulet.services.dynamodb.api.expiry import Expiry
from cumulet.services.dynamodb.api.exports import Exports
from cumulet.services.dynamodb.api.global_tables import GlobalTables
from cumulet.services.dynamodb.api.imports import Imports
from cumulet.services.dynamodb.api.insights import ContributorInsights
from cumulet.services.dynamodb.api.items import Items
from cumulet.services.dynamodb.api.limits import Limits
from cumulet.services.dynamodb.api.policies import ResourcePolicies
from cumulet.services.dynamodb.api.queries import Queries
from cumulet.services.dynamodb.api.recovery import Recovery
from cumulet.services.dynamodb.api.statements import Statements
from cumulet.services.dynamodb.api.streams import Streams
from cumulet.services.dynamodb.api.tables import Tables
from cumulet.services.dynamodb.api.tags import Tags
from cumulet.services.dynamodb.api.transactions import Transactions
from cumulet.services.dynamodb.api.ttl import TimeToLive

_DATA_OPERATIONS = frozenset(
    {
        "batch_execute_statement", "batch_get_item", "batch_write_item", "delete_item", "execute_statement",
        "execute_transaction", "get_item", "put_item", "query", "scan", "transact_get_items", "transact_write_items",
        "update_item",
    }
)  # fmt: skip
"""DynamoDB Developer Guide, "Logging DynamoDB operations by using AWS CloudTrail": data events."""


class DynamoDB(
    Tables,
    Items,
    Queries,
    Batches,
    Transactions,
    Statements,
    Streams,
    Expiry,
    GlobalTables,
    Backups,
    Recovery,
    Exports,
    Imports,
    Tags,
    TimeToLive,
    Limits,
    ResourcePolicies,
    ContributorInsights,
    Destinations,
    AutoScaling,
):
    """Every operation; each noun has a class of its own."""

    data_operations = _DATA_OPERATIONS
