"""AWS Organizations: accounts under one roof, in a tree of units, bound by policies.

Works: every operation of the API (`cumulet coverage organizations`). Service and resource control policies bind what
accounts may do, in all services. Management policies (tags, backup, opt-out of AI services ...) are merged into the
effective policy of each account; the services that would act on them do not yet. Responsibility transfers are kept and
go through their states, and change no bill."""

from cumulet.services.organizations.service import Organizations

__all__ = ["Organizations"]
