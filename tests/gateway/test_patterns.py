import random
import re
import time

import pytest

from cumulet.gateway import patterns
from cumulet.kernel import models

SAMPLED = ("dynamodb", "lambda", "iam", "kms", "cloudformation", "ecs", "glue", "quicksight", "iotsitewise")


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("[a-z]+", ["a"], ["", "a1", "a\n"]),
        ("^[a-z]+", ["a1"], ["1a"]),
        ("[a-z]+[0-9]*$", ["-a", "a1"], ["a-"]),
        ("(a|b)*c+", ["c", "abcc"], ["ab", "d"]),
        ("a*b*", ["", "aab"], ["ba"]),
        ("(ab?){2,3}", ["aa", "abab", "aaa"], ["a", "aaaa", "ba"]),
        ("^(?!aws:)[a-z:]*[a-z]+$", ["mine:x"], ["aws:x"]),
        (r"\d{12}\w*\s*", ["123456789012ab "], ["12", "123456789012-"]),
        (r"[^,]*,[^,]*", [",", "a,b"], ["a", "a,b,c"]),
        (r"\p{L}*\p{N}*", ["żółw12"], ["a-"]),
        ("(^a*$)|(^b*$)", ["", "aa", "bb"], ["ab"]),
        (".*x.*", ["axb"], ["ab", "a\nx"]),
    ],
)
def test_patterns(pattern, good, bad):
    assert [value for value in good if not patterns.fits(pattern, value)] == []
    assert [value for value in bad if patterns.fits(pattern, value)] == []


@pytest.mark.parametrize("pattern", ["[a-z&&[^b]]+", "(", r"\p{Cherokee}+", r"\P{L}", r"(a*)*\1"])
def test_what_cannot_be_read_fits_everything(pattern):
    assert patterns.fits(pattern, "-" * 100)


@pytest.mark.parametrize(
    "pattern",
    [
        "(([0-9]|.|:|/)*)",
        "([a-z]+)*",
        "(a|a)*b",
        r".*\S+.*",
        r".*[\w+=,.@-]+.*",
        r"[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*",
        "[A-Za-z0-9-_=]+.[A-Za-z0-9-_=]+.[A-Za-z0-9-_=]+",
        "(([a-z]{1,60}){1,60}){1,60}x",
        "[a-z]*$",
    ],
)
def test_hostile_values_take_no_time(pattern):
    start = time.process_time()
    for value in ("a" * 4095 + "\n", "a " * 2047 + "\x00", "1" * 4096, "é" * 40 + "!"):
        patterns.fits(pattern, value)
    assert time.process_time() - start < 3


def _patterns_of(service):
    shapes = models.load(service).shapes.values()
    return sorted({shape["pattern"] for shape in shapes if shape.get("pattern") and "enum" not in shape})


@pytest.mark.parametrize("service", SAMPLED)
def test_the_automaton_agrees_with_re(service):
    """On short values made of the pattern's own letters, where `re` is quick enough to be asked."""
    chance = random.Random(service)
    for pattern in _patterns_of(service):
        automaton = getattr(patterns.matcher(pattern), "__self__", None)
        if automaton is None:
            continue
        flags = re.ASCII if patterns._translated(pattern) == pattern else 0
        compiled = re.compile(patterns._translated(pattern), flags)
        searches = pattern.startswith("^") or pattern.endswith("$")
        match = compiled.search if searches else compiled.fullmatch
        pieces = [*re.findall(r"[a-z]{2,}", pattern), *"aZ09-./:_ *@", "arn:aws:", "123456789012", "us-east-1"]
        for _ in range(20):
            value = "".join(chance.choice(pieces) for _ in range(chance.randint(0, 6)))[:20]
            assert automaton.accepts(value) == (match(value) is not None), (pattern, value)
