"""What does a decision of the policy engine cost, for one statement and for an ordinary dozen, allowed and refused?

It measures the function alone: no server, no request, policies compiled as they are kept between requests."""

from __future__ import annotations

import json
import time
from typing import Any

from bench.outcome import Bench, Outcome
from cumulet.kernel.authz import Ask, Policies, Policy, PolicyKind, evaluate, parse
from cumulet.kernel.identity import Caller, Kind

NAME = "authz"
DECISIONS = 10_000
ACCOUNT = "111122223333"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs"
CALLER = Caller(kind=Kind.USER, account=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:user/Ana", id="AIDAANA")
CONTEXT = {"aws:sourceip": "203.0.113.7", "aws:username": "Ana", "aws:securetransport": "true"}
_TLS = {"Bool": {"aws:SecureTransport": "true"}}

ONE = [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]
TEN: list[dict[str, Any]] = [
    {
        "Effect": "Allow",
        "Action": ["s3:Get*", "s3:List*"],
        "Resource": ["arn:aws:s3:::photos", "arn:aws:s3:::photos/*"],
    },
    {"Effect": "Allow", "Action": "dynamodb:*", "Resource": f"arn:aws:dynamodb:*:{ACCOUNT}:table/app-*"},
    {"Effect": "Allow", "Action": ["logs:CreateLogGroup", "logs:PutLogEvents"], "Resource": "*"},
    {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Condition": _TLS},
    {"Effect": "Allow", "Action": ["sqs:Get*", "sqs:List*"], "Resource": "*"},
    {"Effect": "Allow", "Action": "sqs:*", "Resource": f"arn:aws:sqs:*:{ACCOUNT}:${{aws:username}}-*"},
    {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:*:{ACCOUNT}:job?", "Condition": _TLS},
    {"Effect": "Deny", "Action": "sqs:*", "Resource": f"arn:aws:sqs:*:{ACCOUNT}:secret-*"},
    {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    },
]
FULL = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]


def run(bench: Bench) -> Outcome:
    outcome = Outcome("Decisions of the policy engine")
    full = _policy(FULL, PolicyKind.SCP)
    ask = Ask(CALLER, "sqs:SendMessage", QUEUE, ACCOUNT, CONTEXT)
    cases = {
        "one statement": (ask, Policies(identity=(_policy(ONE),)), 8),
        "ten statements": (ask, Policies(identity=(_policy(TEN),)), 30),
        "ten statements, refused": (
            ask._replace(resource=f"arn:aws:sqs:us-east-1:{ACCOUNT}:secret-1"), Policies(identity=(_policy(TEN),)), 30,
        ),
        "ten statements, a boundary and three levels of SCPs": (
            ask, Policies(identity=(_policy(TEN),), boundary=_policy(FULL), scps=((full,), (full,), (full,))), 45,
        ),
    }  # fmt: skip
    for name, (question, held, _) in cases.items():
        for number in range(bench.rounds + 1):
            bench.say(f"{outcome.title}: {name}, round {number} of {bench.rounds}")
            microseconds = _measure(question, held)
            if number:  # the first warms up
                outcome.record(name, "us", bench.subject, microseconds)
    for name, (_, _, wanted) in cases.items():
        outcome.at_most(name, outcome.value(name, bench.subject), wanted, "us")
    return outcome


def _policy(statements: list[dict[str, Any]], kind: PolicyKind = PolicyKind.IDENTITY) -> Policy:
    return parse(json.dumps({"Version": "2012-10-17", "Statement": statements}), kind, "bench")


def _measure(ask: Ask, held: Policies) -> float:
    """Microseconds of processor time for one decision, so that a busy machine blurs it less."""
    start = time.process_time()
    for _ in range(DECISIONS):
        evaluate(ask, held)
    return (time.process_time() - start) / DECISIONS * 1e6
