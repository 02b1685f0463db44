"""HTTP in, HTTP out: routing, signatures, wire protocols. Knows models, no service."""
