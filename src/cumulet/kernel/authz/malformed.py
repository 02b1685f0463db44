"""What can be wrong with a policy, in IAM's words. Services with words of their own choose them by the problem."""

from __future__ import annotations

import enum


class Problem(enum.Enum):
    """What is wrong with a policy."""

    JSON = enum.auto()
    SYNTAX = enum.auto()
    DUPLICATE_KEY = enum.auto()
    TOO_LARGE = enum.auto()
    VERSION = enum.auto()
    UNKNOWN_ELEMENT = enum.auto()
    NO_STATEMENT = enum.auto()
    NO_EFFECT = enum.auto()
    EFFECT = enum.auto()
    SID = enum.auto()
    SID_TWICE = enum.auto()
    NO_ACTION = enum.auto()
    ACTION_TWICE = enum.auto()
    VENDOR = enum.auto()
    COLONS = enum.auto()
    ACTION_VENDOR = enum.auto()
    NOT_STS = enum.auto()
    NO_RESOURCE = enum.auto()
    RESOURCE_PROHIBITED = enum.auto()
    RESOURCE_TWICE = enum.auto()
    RESOURCE = enum.auto()
    RESOURCE_VENDOR = enum.auto()
    PARTITION = enum.auto()
    NO_PRINCIPAL = enum.auto()
    PRINCIPAL_PROHIBITED = enum.auto()
    PRINCIPAL_TWICE = enum.auto()
    PRINCIPAL = enum.auto()
    CONDITION = enum.auto()
    CONDITION_OPERATOR = enum.auto()
    NOT_OF_THE_KIND = enum.auto()


_SYNTAX = "Syntax errors in policy."
WORDS = {
    Problem.JSON: "This policy contains invalid Json",
    Problem.TOO_LARGE: "The policy document is too large.",
    Problem.VERSION: "The policy must contain a valid version string.",
    Problem.EFFECT: "The policy failed legacy parsing",
    Problem.SID: (
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
    ),
    Problem.SID_TWICE: "Statement IDs (SID) in a single policy must be unique.",
    Problem.NO_ACTION: "Policy statement must contain actions.",
    Problem.VENDOR: "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    Problem.COLONS: "Actions/Condition can contain only one colon.",
    Problem.ACTION_VENDOR: "Vendor {0} is not valid",
    Problem.NOT_STS: "AssumeRole policy may only specify STS AssumeRole actions.",
    Problem.NO_RESOURCE: "Policy statement must contain resources.",
    Problem.RESOURCE_PROHIBITED: "Has prohibited field {0}",
    Problem.RESOURCE: 'Resource {0} must be in ARN format or "*".',
    Problem.RESOURCE_VENDOR: "Resource vendor must be fully qualified and cannot contain regexes.",
    Problem.PARTITION: 'Partition "{0}" is not valid for resource "{1}".',
    Problem.NO_PRINCIPAL: "Missing required field Principal",
    Problem.PRINCIPAL_PROHIBITED: "Policy document should not specify a principal.",
    Problem.PRINCIPAL: "Invalid principal in policy: {0}",
    Problem.CONDITION_OPERATOR: "Invalid Condition type : {0}",
    Problem.NOT_OF_THE_KIND: (
        "The provided policy document does not meet the requirements of the specified policy type."
    ),
}
"""What IAM says; of the rest, that there are syntax errors. {0} is the part of the policy that is meant."""


class MalformedPolicy(Exception):
    """A text that is no policy of its kind. `words` are IAM's; `problem` says what is wrong, and `parts` where."""

    def __init__(self, problem: Problem, *parts: str) -> None:
        self.problem = problem
        self.parts = tuple(part[:200] for part in parts)
        self.words = WORDS.get(problem, _SYNTAX).format(*self.parts)
        super().__init__(self.words)
