"""Event patterns and filter policies: what matches, what is refused and in which words."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cumulet.kernel import patterns
from cumulet.kernel.patterns import Index, InvalidEventPatternException, InvalidPattern


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        (["a", 5, None, True], ["a", 5, 5.0, None, True, ["x", "a"]], ["b", "5", 1, False, {"a": 1}, []]),
        ([1], [1, 1.0], [True, "1"]),
        ([{"prefix": "us-"}], ["us-east-1"], ["eu-us-", 3, None]),
        ([{"suffix": ".png"}], ["a.png"], ["a.PNG", None]),
        ([{"prefix": {"equals-ignore-case": "EventB"}}], ["eventbridge", "EVENTBUS"], ["even"]),
        ([{"suffix": {"equals-ignore-case": ".PNG"}}], ["a.png"], ["a.jpg"]),
        ([{"equals-ignore-case": "Alice"}], ["ALICE", "alice"], ["alic", None]),
        ([{"wildcard": "dir/*/x*.png"}], ["dir/a/b/x1.png", "dir//x.png"], ["dir/x.png", "dir/a/x.jpg"]),
        ([{"wildcard": "a\\*b\\\\*"}], ["a*b\\", "a*b\\c"], ["aab\\"]),
        ([{"anything-but": "x"}], ["y", 5, None, ["x", "y"]], ["x", ["x"], []]),
        ([{"anything-but": [1, 2]}], [3, "1"], [1, 2.0]),
        ([{"anything-but": {"prefix": "us-"}}], ["eu-1"], ["us-1"]),
        ([{"anything-but": {"suffix": [".a", ".b"]}}], ["x.c"], ["x.a", "x.b"]),
        ([{"anything-but": {"wildcard": "*/lib/*"}}], ["/usr/x"], ["/usr/lib/x"]),
        ([{"anything-but": {"equals-ignore-case": ["A", "B"]}}], ["c"], ["a", "B"]),
        ([{"numeric": [">", 0, "<=", 5]}], [1, 5, 0.1], [0, 5.1, "3", True]),
        ([{"numeric": ["=", 301.8]}], [301.8], [301]),
        ([{"cidr": "10.0.0.0/24"}], ["10.0.0.255"], ["10.0.1.0", "no", 1]),
        ([{"cidr": "2001:db8::/32"}], ["2001:0db8:1234::"], ["10.0.0.1"]),
        ([{"exists": True}], [None, 0, "x"], [{"b": 1}, []]),
        ([{"exists": False}], [{"b": 1}], [None, "x"]),
    ],
)
def test_operators(rule, yes, no):
    pattern = patterns.compile({"detail": {"a": rule}})
    assert [value for value in yes if not pattern.matches({"detail": {"a": value}})] == []
    assert [value for value in no if pattern.matches({"detail": {"a": value}})] == []
    assert pattern.matches({"detail": {}}) == pattern.matches({}) == (rule == [{"exists": False}])


def test_or_members_and_elements_of_arrays():
    either = patterns.compile({"s": ["x"], "$or": [{"a": [1]}, {"b": [2], "$or": [{"c": [3]}, {"d": [4]}]}]})
    assert either.matches({"s": "x", "a": 1}) and either.matches({"s": "x", "b": 2, "d": 4})
    assert not either.matches({"s": "x", "b": 2}) and not either.matches({"a": 1})
    same = patterns.compile({"e": {"x": [1], "y": [2]}})
    assert same.matches({"e": [{"x": 0}, {"x": 1, "y": 2}]}) and not same.matches({"e": [{"x": 1}, {"y": 2}]})


@pytest.mark.parametrize(
    ("text", "reason", "column"),
    [
        ('{"key":[["value"]]}', "Match value must be String, number, true, false, or null", 10),
        ('{"key":[{"wrong-operator":true}]}', "Unrecognized match type wrong-operator", 31),
        ('{"key":[{"suffix":"value","prefix":"value2"}]}', "Only one key allowed in match expression", 37),
        ('{"key":[{"cidr":["bad-filter"]}]}', "prefix match pattern must be a string", 18),
        ('{"key":[]}', "Empty arrays are not allowed", 10),
        ('{"key":[{"suffix":null}]}', "suffix match pattern must be a string", 23),
        ('{"key":{"suffix":"value"}}', '"suffix" must be an object or an array', 19),
    ],
)
def test_what_is_refused_is_told_as_aws_tells_it(text, reason, column):
    words = f'{reason}\n at [Source: (String)"{text}"; line: 1, column: {column}]'
    with pytest.raises(InvalidPattern) as policy:
        patterns.filter_policy(text, "MessageBody")
    with pytest.raises(InvalidEventPatternException) as event:
        patterns.compile(text)
    assert str(policy.value) == words and event.value.message == f"Event pattern is not valid. Reason: {words}"


@pytest.mark.parametrize(
    ("cidr", "reason"),
    [
        ("bad", "Malformed CIDR, one '/' required"),
        ("bad-filter/64", "Nonstandard IP address: bad-filter"),
        ("bad-filter/x", "Malformed CIDR, mask bits must be an integer"),
    ],
)
def test_bad_networks(cidr, reason):
    with pytest.raises(InvalidPattern, match=reason):
        patterns.filter_policy(json.dumps({"key": [{"cidr": cidr}]}))


def test_limits_of_filter_policies():
    for policy, reason in [
        ({k: ["v"] for k in "abcdef"}, "more than 5 keys"),
        ({"a": list(range(151))}, "too complex"),
    ]:
        with pytest.raises(InvalidPattern, match=reason):
            patterns.filter_policy(json.dumps(policy))
    with pytest.raises(InvalidPattern, match="nested"):
        patterns.filter_policy('{"a":{"b":[1]}}')


def test_message_attributes_as_values():
    given = {
        "n": {"DataType": "Number", "StringValue": "3.0"},
        "l": {"DataType": "String.Array", "StringValue": '["a"]'},
    }
    assert patterns.filter_policy('{"n":[3],"l":["a"]}').matches(patterns.attributes(given))


@pytest.mark.parametrize("count", [10, 1000])
def test_of_many_rules_only_those_that_may_match_are_tried(count):
    tried = []
    index = Index()
    for n in range(count):
        pattern = patterns.compile({"source": ["app"], "detail": {"type": [f"t{n}"]}})
        index.add(n, replace(pattern, matches=lambda event, n=n, real=pattern.matches: tried.append(n) or real(event)))
    assert index.matching({"source": "app", "detail": {"type": "t7"}}) == [7]
    assert len(tried) <= 2


leaf = st.sampled_from(["x", "y", 1, None])


@given(st.lists(st.dictionaries(st.sampled_from("ab"), st.lists(leaf, min_size=1, max_size=2), min_size=1), max_size=6),
       st.dictionaries(st.sampled_from("abc"), leaf))  # fmt: skip
def test_the_index_finds_what_one_by_one_matches(rules, event):
    compiled = [patterns.compile(rule) for rule in rules]
    expected = {n for n, pattern in enumerate(compiled) if pattern.matches(event)}
    assert set(Index(enumerate(compiled)).matching(event)) == expected


@given(st.text(alphabet='{}[]":,ab1 \\*-.eE+/tfnu', max_size=30))
def test_any_text_is_a_pattern_or_refused(text):
    for candidate in (text, f'{{"a":[{text}]}}'):
        try:
            patterns.compile(candidate).matches({"a": "b"})
        except InvalidEventPatternException:
            continue


@pytest.mark.parametrize(
    "text", ['{"\\x":[1]}', '{"a":["\\x"]}', "[" * 5000, '{"a":' * 5000, '{"a":[1e+-]}', "", '{"a":[1]} x']
)
def test_hostile_patterns_are_refused(text):
    with pytest.raises(InvalidEventPatternException):
        patterns.compile(text)


def test_an_event_of_arrays_in_arrays_is_no_trouble():
    deep = "x"
    for _ in range(5000):
        deep = [deep]
    assert patterns.compile({"a": ["x"]}).matches({"a": deep})
