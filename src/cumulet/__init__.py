"""Cumulet: a whole AWS-compatible cloud that you install with one command and own."""

__version__ = "0.1.0"
