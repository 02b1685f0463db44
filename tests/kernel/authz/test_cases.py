"""What AWS's documentation says of hundreds of requests, and what the policy engine decides."""

from __future__ import annotations

import pytest

from tests.kernel.authz import cases_conditions, cases_elements, cases_evaluation
from tests.kernel.authz.language import Case, outcome

CASES = [*cases_elements.CASES, *cases_conditions.CASES, *cases_evaluation.CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.page.split(chr(34))[1]}: {case.words}")
def test_the_documented_decision(case: Case) -> None:
    assert outcome(case.decide()) == case.expect, case.words


def test_no_case_is_told_twice() -> None:
    named = [(case.page, case.words) for case in CASES]
    assert len(set(named)) == len(named)
