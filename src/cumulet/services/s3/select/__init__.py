"""S3 Select: SQL over one CSV or JSON object, streamed, in constant memory.

Works: the whole SQL reference of S3 Select; CSV and JSON (DOCUMENT, LINES), plain, GZIP or BZIP2; scan ranges.
Missing: Parquet input, which answers NotImplemented.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .errors import SelectError

__all__ = ["SelectError", "run"]


def run(*arguments: Any, **options: Any) -> Iterator[dict[str, Any]]:
    """See `engine.run`. The engine is loaded by the first query: S3 starts in half the time without."""
    from .engine import run as run_engine

    return run_engine(*arguments, **options)
