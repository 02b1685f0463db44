"""PartiQL for DynamoDB: statements are parsed, and turned into the same conditions, updates and keys that the other
operations use."""
