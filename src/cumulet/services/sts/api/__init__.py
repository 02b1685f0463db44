"""The operations of STS, by the kind of credentials that they give."""
