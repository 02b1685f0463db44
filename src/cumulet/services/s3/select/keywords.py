"""The words of the language. Source: SQL Reference for S3 Select, Reserved keywords, Data types, functions."""

from __future__ import annotations

AGGREGATES = frozenset({"avg", "count", "max", "min", "sum"})

FUNCTIONS = {
    "char_length": (1, 1),
    "character_length": (1, 1),
    "coalesce": (1, 10_000),
    "lower": (1, 1),
    "nullif": (2, 2),
    "to_string": (2, 2),
    "to_timestamp": (1, 2),
    "upper": (1, 1),
    "utcnow": (0, 0),
}
"""Functions with plain arguments: how few and how many."""

SPECIAL_FORMS = frozenset({"cast", "date_add", "date_diff", "extract", "substring", "trim"})

DATE_PARTS = ("year", "month", "day", "hour", "minute", "second")
EXTRACT_PARTS = (*DATE_PARTS, "timezone_hour", "timezone_minute")

TYPES = {
    "bool": "bool", "boolean": "bool",
    "int": "int", "integer": "int", "smallint": "int",
    "float": "float", "real": "float", "double": "float",
    "decimal": "decimal", "numeric": "decimal", "dec": "decimal",
    "string": "string", "char": "string", "character": "string", "varchar": "string", "symbol": "string",
    "timestamp": "timestamp",
}  # fmt: skip
"""What CAST may name, and the type it means."""

RESERVED = frozenset(
    """
    absolute action add all allocate alter and any are as asc assertion at authorization avg bag begin between
    bit bit_length blob bool boolean both by cascade cascaded case cast catalog char char_length character
    character_length check clob close coalesce collate collation column commit connect connection constraint
    constraints continue convert corresponding count create cross current current_date current_time
    current_timestamp current_user cursor date day deallocate dec decimal declare default deferrable deferred
    delete desc describe descriptor diagnostics disconnect distinct domain double drop else end end-exec escape
    except exception exec execute exists external extract false fetch first float for foreign found from full
    get global go goto grant group having hour identity immediate in indicator initially inner input insensitive
    insert int integer intersect interval into is isolation join key language last leading left level like limit
    list local lower match max min minute missing module month names national natural nchar next no not null
    nullif numeric octet_length of on only open option or order outer output overlaps pad partial pivot position
    precision prepare preserve primary prior privileges procedure public read real references relative restrict
    revoke right rollback rows schema scroll second section select session session_user set sexp size smallint
    some space sql sqlcode sqlerror sqlstate string struct substring sum symbol system_user table temporary then
    time timestamp timezone_hour timezone_minute to trailing transaction translate translation trim true tuple
    union unique unknown unpivot update upper usage user using value values varchar varying view when whenever
    where with work write year zone
    """.split()  # noqa: SIM905 - a list of words reads as words
)
"""Words that name a column or attribute only in double quotes."""
