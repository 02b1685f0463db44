"""The operations of DynamoDB: one class for each noun, composed in service.py."""
