"""Expressions of DynamoDB: conditions, filters, updates, projections and key conditions.

    given = Given(ExpressionAttributeNames, ExpressionAttributeValues)
    update, condition = given.update(UpdateExpression), given.condition(ConditionExpression, "ConditionExpression")
    given.check_all_used()

tokens.py and parser.py make trees (syntax.py) of texts; conditions.py, updates.py, projections.py and key_conditions.py
make functions of trees (comparisons.py), with what they ask of a request's values (checks.py). legacy.py
makes the same of the older parameters."""

from cumulet.services.dynamodb.expressions.conditions import Condition
from cumulet.services.dynamodb.expressions.given import Given
from cumulet.services.dynamodb.expressions.key_conditions import KeyCondition
from cumulet.services.dynamodb.expressions.projections import Projection
from cumulet.services.dynamodb.expressions.updates import Update

__all__ = ["Condition", "Given", "KeyCondition", "Projection", "Update"]
