"""How a test says that it expects to be refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(code: str, words: str | None = None) -> Iterator[None]:
    """Whatever is done inside is refused with this code, and these words somewhere in the message."""
    with pytest.raises(ClientError) as raised:
        yield
    error = raised.value.response["Error"]
    assert error["Code"] == code, error
    if words is not None:
        assert words in error.get("Message", ""), error
