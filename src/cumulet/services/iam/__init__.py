"""AWS IAM: who may do what in an account."""

from cumulet.services.iam.service import IAM

__all__ = ["IAM"]
