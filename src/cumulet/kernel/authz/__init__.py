"""The policy engine: pure functions from (who, what, which policies) to a decision and its reason, in AWS's words.

    ask = Ask(caller, "s3:GetObject", "arn:aws:s3:::photos/cat.png", account="111122223333", context={...})
    decision = evaluate(ask, Policies(identity=(parse(text, PolicyKind.IDENTITY, arn),)))
    decision.allowed or words(decision, ask)

It knows no store and no request; kernel/authority.py finds the policies and the context."""

from cumulet.kernel.authz.decisions import Ask, Decision, Layer, Policies, Reason, words
from cumulet.kernel.authz.evaluation import evaluate
from cumulet.kernel.authz.globs import Context
from cumulet.kernel.authz.malformed import MalformedPolicy, Problem
from cumulet.kernel.authz.policies import Policy, PolicyKind, Statement, parse

__all__ = [
    "Ask", "Context", "Decision", "Layer", "MalformedPolicy", "Policies", "Policy", "PolicyKind", "Problem", "Reason",
    "Statement", "evaluate", "parse", "words",
]  # fmt: skip
