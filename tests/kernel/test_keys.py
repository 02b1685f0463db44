"""Tuple keys: what goes in comes out, and bytes sort as tuples do."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cumulet.kernel import keys
from cumulet.kernel.keys import StartsWith

instants = st.datetimes(timezones=st.just(UTC), min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))
numbers = st.integers(min_value=-(2**64) + 1, max_value=2**64 - 1)
scalars = st.one_of(
    st.none(), st.booleans(), numbers, st.text(), st.binary(), instants, st.floats(allow_nan=False).map(float)
)
elements = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=4)


@given(st.lists(elements, max_size=6).map(tuple))
def test_a_key_comes_back_as_it_went_in(key):
    assert keys.unpack(keys.pack(key)) == key


@pytest.mark.parametrize("kind", [st.text(), st.binary(), numbers, instants, st.floats(allow_nan=False)])
def test_bytes_sort_as_elements_do(kind):
    @given(st.lists(kind, min_size=2, max_size=8))
    def check(values):
        by_bytes = sorted(values, key=lambda value: keys.pack((value,)))
        assert by_bytes == sorted(values, key=_order)

    check()


def _order(value):
    return value.encode() if isinstance(value, str) else value


@given(st.text(), st.text())
def test_starts_with_bounds_exactly_the_strings_that_do(prefix, text):
    low = keys.pack((StartsWith(prefix),))
    packed = keys.pack((text,))
    assert (low <= packed < low + keys.PAST) == text.startswith(prefix)


@given(st.lists(scalars, min_size=1, max_size=3).map(tuple), st.lists(scalars, max_size=2).map(tuple))
def test_what_lies_under_a_prefix_is_one_range(prefix, rest):
    low = keys.pack(prefix)
    assert low <= keys.pack(prefix + rest) < low + keys.PAST


def test_what_has_no_place_in_a_key_is_refused():
    with pytest.raises(TypeError):
        keys.pack(({},))
    with pytest.raises(OverflowError):
        keys.pack((2**64,))
