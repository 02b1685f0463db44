"""Browser uploads: the form, its policy, and the words of each refusal."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulet.gateway import post_form, post_policy
from cumulet.gateway.post_form import FormError
from cumulet.gateway.post_policy import PolicyError

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
UNTIL = "2026-02-01T00:00:00.000Z"


def encoded(document) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    return base64.b64encode(text.encode()).decode()


def policy(*conditions, expiration: str = UNTIL) -> post_policy.Policy:
    return post_policy.parse(encoded({"expiration": expiration, "conditions": list(conditions)}))


def refusal(of: post_policy.Policy, fields: dict[str, str], now: datetime = NOW) -> str:
    with pytest.raises(PolicyError) as no:
        of.check(fields, "b", now)
    assert (no.value.code, no.value.status) == ("AccessDenied", 403)
    return no.value.message


# Policies


def test_a_form_that_keeps_all_conditions_is_accepted():
    allowed = policy(
        {"bucket": "b"},
        {"acl": "public-read"},
        ["starts-with", "$key", "user/"],
        ["eq", "$X-Amz-Meta-Tag", "a b"],
        ["starts-with", "$Content-Type", "image/"],
        ["starts-with", "$success_action_redirect", ""],
    )
    fields = {
        "key": "user/cat.png",
        "acl": "public-read",
        "x-amz-meta-tag": "a b",
        "content-type": "image/png,image/jpeg",
        "success_action_redirect": "https://example.com",
        "policy": "...",
        "x-amz-signature": "...",
        "x-ignore-me": "...",
    }
    allowed.check(fields, "b", NOW)


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ({"acl": "public-read"}, '["eq", "$acl", "public-read"]'),
        (["eq", "$acl", "public-read"], '["eq", "$acl", "public-read"]'),
        (["eq", "acl", "private"], '["eq", "acl", "private"]'),
        (["eq", "$acl", "PRIVATE"], '["eq", "$acl", "PRIVATE"]'),
        (["starts-with", "$acl", "pub"], '["starts-with", "$acl", "pub"]'),
        ({"bucket": "other"}, '["eq", "$bucket", "other"]'),
        (["eq", "$absent", ""], '["eq", "$absent", ""]'),
        (["eq", "$acl", 'a"b'], '["eq", "$acl", "a\\"b"]'),
    ],
)
def test_a_broken_condition_is_told_as_it_was_written(condition, shown):
    words = refusal(policy(condition), {"acl": "private"})
    assert words == f"Invalid according to Policy: Policy Condition failed: {shown}"


def test_a_field_without_condition_is_refused():
    words = refusal(policy({"key": "k"}), {"key": "k", "acl": "public-read", "x-amz-meta-a": "1"})
    assert words == "Invalid according to Policy: Extra input fields: acl, x-amz-meta-a"


def test_a_content_type_list_must_match_in_every_part():
    images = policy(["starts-with", "$Content-Type", "image/"])
    assert "Policy Condition failed" in refusal(images, {"content-type": "image/png,text/html"})


def test_a_policy_expires():
    allowed = policy({"key": "k"})
    allowed.check({"key": "k"}, "b", datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC))
    words = refusal(allowed, {"key": "k"}, datetime(2026, 2, 1, tzinfo=UTC))
    assert words == "Invalid according to Policy: Policy expired."


def test_a_policy_limits_the_size():
    limited = policy(["content-length-range", 5, "10"], ["content-length-range", 0, 8])
    for size in (5, 8):
        limited.check_size(size)
    with pytest.raises(PolicyError) as no:
        limited.check_size(9)
    assert (no.value.code, no.value.extra) == ("EntityTooLarge", {"ProposedSize": "9", "MaxSizeAllowed": "8"})
    with pytest.raises(PolicyError) as no:
        limited.check_size(4)
    assert (no.value.code, no.value.extra) == ("EntityTooSmall", {"ProposedSize": "4", "MinSizeAllowed": "5"})


def test_without_a_range_five_gibibytes_may_come():
    policy().check_size(5 * 1024**3)
    with pytest.raises(PolicyError):
        policy().check_size(5 * 1024**3 + 1)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("not json", "Invalid JSON."),
        ("[]", "Invalid JSON."),
        ("[" * 100_000, "Invalid JSON."),
        ({"conditions": []}, "Policy missing expiration."),
        ({"expiration": UNTIL}, "Policy missing conditions."),
        ({"expiration": "soon", "conditions": []}, "Invalid 'expiration' value: 'soon'"),
        ({"expiration": 1, "conditions": []}, "Invalid 'expiration' value: '1'"),
        ({"expiration": UNTIL, "conditions": {}}, "Expecting a list of conditions."),
        (
            {"expiration": UNTIL, "conditions": [{"a": "1", "b": "2"}]},
            "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
        ),
        ({"expiration": UNTIL, "conditions": [["like", "$key", "x"]]}, "Invalid Condition: unknown operation 'like'."),
        ({"expiration": UNTIL, "conditions": [["eq", "$key"]]}, "Invalid Condition: expecting an operator"),
        ({"expiration": UNTIL, "conditions": [{"key": 1}]}, "Invalid Condition: expecting a string."),
        ({"expiration": UNTIL, "conditions": [["content-length-range", "a", 1]]}, "Invalid content-length-range"),
        ({"expiration": UNTIL, "conditions": [["content-length-range", -1, 1]]}, "Invalid content-length-range"),
    ],
)
def test_a_policy_that_cannot_be_read_is_refused(document, words):
    with pytest.raises(PolicyError) as no:
        post_policy.parse(encoded(document))
    assert (no.value.code, no.value.status) == ("InvalidPolicyDocument", 400)
    assert no.value.message.startswith("Invalid Policy: " + words)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(
    st.one_of(
        st.text(),
        st.builds(encoded, json_values),
        st.builds(lambda e, c: encoded({"expiration": e, "conditions": c}), st.just(UNTIL) | json_values, json_values),
    )
)
@settings(deadline=None)
def test_any_policy_is_read_or_refused(text):
    try:
        post_policy.parse(text).check({"key": "k"}, "b", NOW)
    except PolicyError as no:
        assert no.status in (400, 403)


def test_the_key_may_stand_for_the_file_s_name():
    assert post_policy.fill_in("in/${filename}", "C:\\pictures\\cat.png") == "in/cat.png"
    assert post_policy.fill_in("in/${filename}", "/home/me/cat.png") == "in/cat.png"
    assert post_policy.fill_in("plain", "cat.png") == "plain"


# Forms

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def part(name: str, value: bytes, more: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def a_file(content: bytes, name: str = "cat.png") -> bytes:
    return part("file", content, f'; filename="{name}"\r\nContent-Type: image/png')


END = f"--{BOUNDARY}--\r\n".encode()


def read(body: bytes, size: int = 10**6, content_type: str = TYPE) -> tuple[post_form.Form, bytes]:
    async def run() -> tuple[post_form.Form, bytes]:
        async def source():
            for at in range(0, len(body), size):
                yield body[at : at + size]

        form = await post_form.read(source(), content_type)
        return form, b"".join([data async for data in form.file])

    return asyncio.run(run())


def test_the_fields_come_before_the_file_and_what_follows_is_ignored():
    body = (
        part("Key", b"a/${filename}") + part("acl", "é".encode()) + a_file(b"\x00\xff\r\n--") + part("late", b"x") + END
    )
    form, content = read(body)
    assert form.fields == {"key": "a/${filename}", "acl": "é"}
    assert (form.filename, form.file_type, content) == ("cat.png", "image/png", b"\x00\xff\r\n--")


near_the_boundary = st.lists(
    st.sampled_from([b"\r\n--", BOUNDARY.encode()[:-1], b"\r", b"\n", b"-", b"x"]), max_size=20
)


@given(near_the_boundary, st.integers(1, 100))
@settings(deadline=None)
def test_a_file_comes_back_however_it_is_cut(parts, size):
    content = b"".join(parts)
    form, found = read(part("key", b"k") + a_file(content) + END, size)
    assert (form.fields, found) == ({"key": "k"}, content)


def test_a_file_s_name_may_look_like_anything():
    form, _ = read(a_file(b"", r"a; name=\"key\".png") + END)
    assert form.filename == 'a; name="key".png'


def test_of_a_repeated_field_the_first_counts():
    form, _ = read(part("key", b"checked") + part("KEY", b"other") + a_file(b"") + END)
    assert form.fields == {"key": "checked"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "MalformedPOSTRequest"),
        (b"nothing like a form", "MalformedPOSTRequest"),
        (part("key", b"k"), "MalformedPOSTRequest"),
        (part("key", b"k") + END, "IncorrectNumberOfFilesInPostRequest"),
        (part("key", b"k") + a_file(b"cut off")[:-10], "MalformedPOSTRequest"),
        (f"--{BOUNDARY}\r\nX: y\r\n\r\n\r\n".encode() + END, "MalformedPOSTRequest"),
        (part("key", b"k" * 30_000) + a_file(b"") + END, "MaxPostPreDataLengthExceeded"),
        (part("a", b"") * 300 + a_file(b"") + END, "MaxPostPreDataLengthExceeded"),
        (b"preamble" * 10_000, "MaxPostPreDataLengthExceeded"),
    ],
)
def test_a_form_that_s3_cannot_read_is_refused(body, code):
    with pytest.raises(FormError) as no:
        read(body, 1000)
    assert (no.value.code, no.value.status) == (code, 400)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "text/plain",
        "multipart/form-data; boundary=" + "x" * 99,
    ],
)
def test_a_form_needs_its_boundary(content_type):
    with pytest.raises(FormError, match="not well-formed"):
        read(END, content_type=content_type)


@given(st.binary(max_size=200), st.integers(1, 50))
@settings(deadline=None)
def test_any_bytes_are_a_form_or_refused(data, size):
    for body in (data, part("key", data), f"--{BOUNDARY}\r\n".encode() + data + END):
        try:
            read(body, size)
        except FormError as no:
            assert no.status == 400


def test_a_large_file_streams():
    async def run() -> int:
        async def source():
            yield part("key", b"k") + a_file(b"")[:-2]
            for _ in range(1024):
                yield b"x" * 65536
            yield b"\r\n" + END

        form = await post_form.read(source(), TYPE)
        return sum([len(data) async for data in form.file])

    assert asyncio.run(run()) == 64 << 20
