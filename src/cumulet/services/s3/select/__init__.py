"""S3 Select: SQL over one CSV or JSON object, streamed, in constant memory.

Works: the whole SQL reference of S3 Select; CSV and JSON (DOCUMENT, LINES), plain, GZIP or BZIP2; scan ranges.
Missing: Parquet input, which answers NotImplemented.
"""

from .engine import run
from .errors import SelectError

__all__ = ["SelectError", "run"]
