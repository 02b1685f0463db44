"""Amazon DynamoDB as its clients see it. The operations are in api/, the rules in the modules named by nouns."""

from __future__ import annotations

from cumulet.services.dynamodb.api.expiry import Expiry
from cumulet.services.dynamodb.api.global_tables import GlobalTables
from cumulet.services.dynamodb.api.streams import Streams
from cumulet.services.dynamodb.api.tables import Tables


class DynamoDB(
    Tables,
    Streams,
    Expiry,
    GlobalTables,
):
    """Every operation; each noun has a class of its own."""
