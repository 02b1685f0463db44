"""Roots of member accounts, for the few tasks that an organization's management account may do as they.

Source: AWS STS API Reference, AssumeRoot; IAM User Guide, Perform a privileged task on an AWS Organizations member
account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cumulet.kernel import identity
from cumulet.kernel.access import Need
from cumulet.kernel.records import replace
from cumulet.kernel.store import ReadTransaction
from cumulet.services.sts import credentials
from cumulet.services.sts.api.base import Base
from cumulet.services.sts.errors import AccessDenied, ValidationError

_LONGEST_SECONDS = 900
_TARGET = re.compile(r"(?:arn:aws[a-z-]*:iam::)?([0-9]{12})(?::root)?")
_TASK = "arn:aws:iam::aws:policy/root-task/"
_FEATURES = {
    "IAMAuditRootUserCredentials": "RootCredentialsManagement",
    "IAMCreateRootUserPassword": "RootCredentialsManagement",
    "IAMDeleteRootUserCredentials": "RootCredentialsManagement",
    "S3UnlockBucketPolicy": "RootSessions",
    "SQSUnlockQueuePolicy": "RootSessions",
}
"""Which feature of central root access each task needs."""


_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
"""Task policies only deny: what they leave is what the session may do, since a root may do everything."""


class Roots(Base):
    async def assume_root(
        self, *, TargetPrincipal: str, TaskPolicyArn: Mapping[str, str], DurationSeconds: int | None = None
    ) -> dict[str, Any]:
        target, task = _account(TargetPrincipal), _task(TaskPolicyArn)
        root = replace(identity.root_of(target), arn=f"arn:{self.scope.partition}:iam::{target}:root")
        context = {"sts:taskpolicyarn": _TASK + task}
        # The member account has no say in this, so the need counts as one of the caller's own account.
        await self._demand([Need(action="sts:AssumeRoot", resource=root.arn, context=context)])
        enabled = (await self.client("iam", account=self.caller.account).central_features())["EnabledFeatures"]
        is_manager = await self.store.read(self._manages, target)
        if not is_manager or _FEATURES[task] not in enabled:
            raise AccessDenied(
                f"User: {self.caller.arn} is not authorized to perform: sts:AssumeRoot on resource: {root.arn}"
            )
        kept = self.caller.session.source_identity if self.caller.session is not None else ""
        lasts = timedelta(seconds=DurationSeconds or _LONGEST_SECONDS)
        session = self._own_session(lasts, policies=(_ALL,), policy_arns=(_TASK + task,), source_identity=kept)
        return credentials.session_answer(self._issue(replace(root, session=session)), None, kept)

    def _manages(self, tx: ReadTransaction, member: str) -> bool:
        """Whether the caller's account manages the organization of another account, which is its member."""
        membership = self.kernel.authority.membership(tx, member)
        return membership is not None and membership.management_account == self.caller.account != member


def _account(target: str) -> str:
    parts = _TARGET.fullmatch(target)
    if parts is None or (target.startswith("arn:") != target.endswith(":root")):
        raise ValidationError(f"{target} is invalid")
    return parts[1]


def _task(given: Mapping[str, str]) -> str:
    task = given.get("arn", "").removeprefix(_TASK)
    if task not in _FEATURES:
        raise ValidationError(f"ARN {given.get('arn', '')} is not valid.")
    return task
