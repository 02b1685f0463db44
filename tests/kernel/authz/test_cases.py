"""What AWS's documentation says of hundreds of requests, and what the policy engine decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kernel.authz import cases_conditions, cases_elements, cases_evaluation
from tests.kernel.authz.language import Case, outcome

CASES = [*cases_elements.CASES, *cases_conditions.CASES, *cases_evaluation.CASES]

_PROVEN = [
    (cases_elements.ACTIONS, "IAM-10"),
    (cases_elements.RESOURCES, "IAM-11"),
    (cases_elements.PRINCIPALS, "IAM-23"),
    (cases_evaluation.DENIES, "IAM-18", "IAM-19"),
    (cases_evaluation.RESOURCES, "IAM-20", "IAM-22"),
    (cases_evaluation.BOUNDARIES, "IAM-43", "IAM-44"),
    (cases_evaluation.SESSIONS, "STS-05"),
    (cases_evaluation.SCPS, "ORG-05", "ORG-06", "ORG-07"),
    (cases_evaluation.KEYS, "KMS-21", "KMS-22", "KMS-23"),
    (cases_evaluation.TRUST, "IAM-39"),
]
"""The requirements of docs/requirements/security.md that tables of cases prove, as far as the engine goes."""


def _marked() -> Iterator[Any]:
    for case in CASES:
        ids = [f"security:{name}" for cases, *names in _PROVEN if case in cases for name in names]
        name = f"{case.page.split(chr(34))[1]}: {case.words}"
        yield pytest.param(case, id=name, marks=[pytest.mark.spec(*ids)] if ids else [])


@pytest.mark.parametrize("case", list(_marked()))
def test_the_documented_decision(case: Case) -> None:
    assert outcome(case.decide()) == case.expect, case.words


def test_no_case_is_told_twice() -> None:
    named = [(case.page, case.words) for case in CASES]
    assert len(set(named)) == len(named)
