"""The operations of IAM, a class for each noun."""
