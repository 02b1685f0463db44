"""The operations of KMS, one class for each noun."""
