"""The operations, a class for each noun."""
