"""Tags of keys.

Source: KMS API Reference, TagResource; KMS Developer Guide, tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cumulet.services.kms.errors import LimitExceededException, TagException

MOST = 50


def given(listed: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Tags as requests list them. Raises TagException."""
    found: dict[str, str] = {}
    for tag in listed:
        name = tag["TagKey"]
        if name.lower().startswith("aws:"):
            raise TagException("Tag keys cannot begin with aws:, which is reserved for use by Amazon Web Services.")
        if name in found:
            raise TagException("Duplicate tag keys")
        found[name] = tag["TagValue"]
    return merged({}, found)


def merged(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Raises LimitExceededException for more than a key may have."""
    both = {**old, **new}
    if len(both) > MOST:
        raise LimitExceededException(f"A key cannot have more than {MOST} tags.")
    return both


def without(old: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: value for name, value in old.items() if name not in names}
