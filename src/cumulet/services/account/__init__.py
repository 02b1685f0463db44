"""AWS Account Management: an account's name, contacts, e-mail address and Regions.

Works: contact information, alternate contacts, names, e-mail addresses (the code that AWS would send by mail is written
to the cloud's log), for an account itself and, where its organization allows, for its members. Regions are only kept as
enabled or disabled: calls to a disabled Region are answered all the same. No telephone is called, so the two operations
that verify its number are missing."""

from cumulet.services.account.service import Account

__all__ = ["Account"]
