"""The class S3 is composed of one class per noun: what they name must not get in each other's way."""

from __future__ import annotations

import itertools

from cumulet.services.s3 import S3


def test_no_noun_hides_what_another_means():
    nouns = [each for each in S3.__mro__ if each.__module__.startswith("cumulet.services.s3.api.")]
    for one, other in itertools.combinations(nouns, 2):
        if not issubclass(one, other):
            shared = {name for name in vars(one).keys() & vars(other).keys() if callable(vars(one)[name])}
            assert not shared, f"{one.__name__} and {other.__name__} both have {shared}"
