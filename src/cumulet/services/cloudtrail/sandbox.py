"""A process of its own in which one query runs: what a statement does to it, it does to nothing else.

It is started with this file alone, and not imported. It hears on its standard input, in frames that begin with their
length (4 bytes): what to do, as JSON, and the events of each table, as JSON arrays, a table ending with an empty
frame. It tells lines of JSON: {"columns"}, a list for each row, {"done"}; or {"error", "message"}.

It can open no file and no connection, and gets no more memory and time than it is told."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

_ADDRESSES = 6 << 30
_LONGEST_CELL = 256 * 1024
_TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series"})
_REFUSED = re.compile(
    r"(?i)pg_.*|duckdb_.*|read_.*|query.*|write_log|current_setting|getvariable|getenv|nextval|currval"
    r"|json_(de)?serialize.*|json_execute.*|set_.*|parse_duckdb.*|txid_current|error|sleep.*"
)
_DATES = frozenset({"eventtime"})

_ATTRIBUTES = {"creationDate": "TIMESTAMP", "mfaAuthenticated": "VARCHAR"}
_ISSUER = {"type": "VARCHAR", "principalId": "VARCHAR", "arn": "VARCHAR", "accountId": "VARCHAR", "userName": "VARCHAR"}
_MAP = "MAP(VARCHAR,VARCHAR)"
COLUMNS: dict[str, Any] = {
    "eventVersion": "VARCHAR",
    "userIdentity": {
        "type": "VARCHAR", "principalId": "VARCHAR", "arn": "VARCHAR", "accountId": "VARCHAR", "accessKeyId": "VARCHAR",
        "userName": "VARCHAR", "invokedBy": "VARCHAR", "identityProvider": "VARCHAR", "credentialId": "VARCHAR",
        "sessionContext": {
            "attributes": _ATTRIBUTES, "sessionIssuer": _ISSUER, "sourceIdentity": "VARCHAR",
            "webIdFederationData": {"federatedProvider": "VARCHAR", "attributes": _MAP},
            "ec2RoleDelivery": "VARCHAR", "ec2IssuedInVpc": "VARCHAR",
        },
    },
    "eventTime": "TIMESTAMP", "eventSource": "VARCHAR", "eventName": "VARCHAR", "awsRegion": "VARCHAR",
    "sourceIPAddress": "VARCHAR", "userAgent": "VARCHAR", "errorCode": "VARCHAR", "errorMessage": "VARCHAR",
    "requestParameters": _MAP, "responseElements": _MAP, "additionalEventData": _MAP, "requestID": "VARCHAR",
    "eventID": "VARCHAR", "readOnly": "BOOLEAN",
    "resources": [{"accountId": "VARCHAR", "type": "VARCHAR", "ARN": "VARCHAR", "ARNPrefix": "VARCHAR"}],
    "eventType": "VARCHAR", "apiVersion": "VARCHAR", "managementEvent": "BOOLEAN", "recipientAccountId": "VARCHAR",
    "sharedEventID": "VARCHAR", "vpcEndpointId": "VARCHAR", "vpcEndpointAccountId": "VARCHAR",
    "serviceEventDetails": _MAP, "addendum": _MAP, "edgeDeviceDetails": _MAP, "insightDetails": _MAP,
    "eventCategory": "VARCHAR",
    "tlsDetails": {"tlsVersion": "VARCHAR", "cipherSuite": "VARCHAR", "clientProvidedHostHeader": "VARCHAR"},
    "sessionCredentialFromConsole": "VARCHAR",
    "eventData": {
        "version": "VARCHAR", "userIdentity": {"type": "VARCHAR", "principalId": "VARCHAR", "details": _MAP},
        "userAgent": "VARCHAR", "eventSource": "VARCHAR", "eventName": "VARCHAR", "eventTime": "VARCHAR",
        "uid": "VARCHAR", "requestParameters": _MAP, "responseElements": _MAP, "errorCode": "VARCHAR",
        "errorMessage": "VARCHAR", "sourceIPAddress": "VARCHAR", "recipientAccountId": "VARCHAR",
        "additionalEventData": _MAP,
    },
    "metadata": {"ingestionTime": "TIMESTAMP", "channelARN": "VARCHAR"},
}  # fmt: skip
"""Source: CloudTrail User Guide, supported SQL schemas of event data stores."""

_MACROS = (
    "json_extract_scalar(j, p) AS json_extract_string(j, p)",
    "from_iso8601_timestamp(t) AS CAST(t AS TIMESTAMP)",
    "approx_distinct(x) AS approx_count_distinct(x)",
    "element_at(m, k) AS m[k]",
    "regexp_like(t, p) AS regexp_matches(t, p)",
    "date_add(unit, n, t) AS t + CASE lower(unit) WHEN 'second' THEN to_seconds(n) WHEN 'minute' THEN to_minutes(n) "
    "WHEN 'hour' THEN to_hours(n) WHEN 'day' THEN to_days(CAST(n AS INTEGER)) "
    "WHEN 'week' THEN to_days(CAST(7 * n AS INTEGER)) WHEN 'month' THEN to_months(CAST(n AS INTEGER)) "
    "WHEN 'year' THEN to_years(CAST(n AS INTEGER)) END",
)
"""Functions that queries for CloudTrail Lake use and this engine calls by other names."""


class Refused(Exception):
    """The statement is not one that may run."""


def main() -> None:
    heard = sys.stdin.buffer
    asked = json.loads(_frame(heard))
    _confine(asked["seconds"])
    import duckdb

    try:
        if asked["mode"] == "check":
            _tell(_checked(_engine(asked), asked["statement"]))
        else:
            _run(asked, heard)
    except Refused as error:
        _tell({"error": "refused", "message": str(error)})
    except (duckdb.Error, MemoryError, RecursionError, ValueError, OverflowError) as error:
        _tell({"error": "failed", "message": f"{str(error)[:900]}"})


def _confine(seconds: int) -> None:
    """Set what limits the system has: DuckDB keeps to its own in any case."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, _ADDRESSES), (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        hard = resource.getrlimit(what)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (least, least))


def _engine(asked: dict[str, Any]) -> Any:
    import duckdb

    settings = {
        "threads": "1", "memory_limit": asked["memory"], "temp_directory": "", "python_enable_replacements": "false",
        "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
        "allow_community_extensions": "false", "max_expression_depth": "250",
    }  # fmt: skip
    engine = duckdb.connect(":memory:", config=settings)
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute("SET enable_external_access = false")
    return engine


def _checked(engine: Any, statement: str) -> dict[str, Any]:
    """The tables that a statement reads, the columns (None for all), and from when until when. Raises Refused."""
    if not re.match(r"(?is)(\s|--[^\n]*\n|/\*.*?\*/|\()*(SELECT|WITH)\b", statement):
        raise Refused("The query statement has to be a SELECT.")
    told = json.loads(engine.execute("SELECT json_serialize_sql(?::VARCHAR)", [statement]).fetchone()[0])
    if told["error"]:
        raise Refused(str(told.get("error_message", "The query statement is not valid."))[:900])
    if len(told["statements"]) != 1:
        raise Refused("Only one query statement is allowed.")
    return _read(engine, told["statements"][0]["node"])


def _read(engine: Any, node: dict[str, Any]) -> dict[str, Any]:
    tables: list[str] = []
    names: set[str] = set()
    words: set[str] = set()
    every = False
    nodes = list(_nodes(node))
    known = {each["key"].lower() for found in nodes for each in found.get("cte_map", {}).get("map", ())}
    for found in nodes:
        kind = found.get("type")
        if kind == "BASE_TABLE":
            if found.get("catalog_name") or found.get("schema_name"):
                raise Refused("The FROM clause has to name an event data store by its ID.")
            names |= {found["table_name"].lower(), (found.get("alias") or "").lower()}
            if found["table_name"].lower() not in known and found["table_name"] not in tables:
                tables.append(found["table_name"])
        elif kind == "SHOW_REF":
            raise Refused("The query statement has to be a SELECT.")
        elif kind == "TABLE_FUNCTION" and found.get("function", {}).get("function_name") not in _TABLE_FUNCTIONS:
            raise Refused("Functions cannot be queried, apart from UNNEST.")
        elif kind in ("FUNCTION", "WINDOW_AGGREGATE") or found.get("function_name"):
            if _REFUSED.fullmatch(str(found.get("function_name", ""))):
                raise Refused(f"The function {found['function_name']} is not allowed.")
        elif kind == "COLUMN_REF":
            parts = [part.lower() for part in found["column_names"]]
            words |= set(parts)
            every = every or (len(parts) == 1 and parts[0] in names)
        elif kind == "STAR":
            every = True
        every = every or found.get("ref_type") == "NATURAL"
        words |= {word.lower() for word in found.get("using_columns") or ()}
    every = every or bool(words & names)
    since, until = _span(engine, node) if tables and len(names - {""} - known) <= 2 else (None, None)
    return {"tables": tables, "columns": None if every else sorted(words), "since": since, "until": until}


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _span(engine: Any, node: dict[str, Any]) -> tuple[str | None, str | None]:
    """Between which times a plain query of one table looks, so that nothing else has to be read for it."""
    single = node.get("type") == "SELECT_NODE" and (node.get("from_table") or {}).get("type") == "BASE_TABLE"
    if not single or sum(1 for each in _nodes(node) if each.get("type") == "BASE_TABLE") != 1:
        return None, None
    since: list[str] = []
    until: list[str] = []
    where = node.get("where_clause") or {}
    for each in where["children"] if where.get("type") == "CONJUNCTION_AND" else [where]:
        kind = each.get("type", "")
        if kind == "COMPARE_BETWEEN" and _is_time(each.get("input")):
            since += _instant(engine, each.get("lower"))
            until += _instant(engine, each.get("upper"))
        elif kind.startswith(("COMPARE_GREATERTHAN", "COMPARE_LESSTHAN")) and _is_time(each.get("left")):
            (since if "GREATER" in kind else until).extend(_instant(engine, each.get("right")))
    return max(since, default=None), min(until, default=None)


def _is_time(node: Any) -> bool:
    return isinstance(node, dict) and node.get("type") == "COLUMN_REF" and node["column_names"][-1].lower() in _DATES


def _instant(engine: Any, node: Any) -> list[str]:
    while isinstance(node, dict) and node.get("class") == "CAST":
        node = node.get("child")
    value = node.get("value") if isinstance(node, dict) and node.get("class") == "CONSTANT" else None
    text = value.get("value") if isinstance(value, dict) else None
    if not isinstance(text, str):
        return []
    found = engine.execute("SELECT TRY_CAST(? AS TIMESTAMP)", [text]).fetchone()[0]
    return [found.isoformat()] if found is not None else []


def _run(asked: dict[str, Any], heard: BinaryIO) -> None:
    engine = _engine(asked)
    counts = 0
    wanted = None if asked["columns"] is None else set(asked["columns"]) | {"eventid", "eventtime"}
    for name in asked["tables"]:
        counts += _load(engine, name, wanted, asked["kept_since"], heard)
    now = datetime.fromisoformat(asked["now"]).replace(tzinfo=None).isoformat(" ")
    for macro in _MACROS:
        engine.execute(f"CREATE MACRO {macro}")
    for clock in ("now", "get_current_timestamp", "localtimestamp", "transaction_timestamp"):
        engine.execute(f"CREATE MACRO {clock}() AS TIMESTAMP '{now}'")
    engine.execute(f"CREATE MACRO current_date() AS DATE '{now[:10]}'")
    engine.execute("SET lock_configuration = true")
    result = engine.execute(asked["statement"], asked["parameters"] or None)
    columns = [column[0] for column in result.description]
    _tell({"columns": columns, "scanned": counts})
    rows = 0
    while found := result.fetchmany(200):
        for row in found:
            _tell([_written(value)[:_LONGEST_CELL] for value in row])
            rows += 1
            if rows > asked["most_rows"]:
                raise Refused(f"The query results have more than {asked['most_rows']} rows.")
    _tell({"done": rows})


def _load(engine: Any, name: str, wanted: set[str] | None, kept_since: dict[str, str], heard: BinaryIO) -> int:
    """Make a table of what comes until an empty frame."""
    columns = {n: kind for n, kind in COLUMNS.items() if wanted is None or n.lower() in wanted}
    raw = ", CAST(j AS VARCHAR) AS eventJson" if wanted is None or "eventjson" in wanted else ""
    quoted = '"' + name.replace('"', '""') + '"'
    structure = json.dumps(columns)
    select = (  # the structure is ours; the events come as a parameter
        f"SELECT r.*{raw} FROM (SELECT from_json(j, '{structure}') AS r, j FROM "  # noqa: S608
        "(SELECT unnest(from_json(?, '[\"JSON\"]')) AS j)) WHERE r.eventTime >= CAST(? AS TIMESTAMP)"
    )
    since = kept_since[name]
    engine.execute(f"CREATE TABLE {quoted} AS {select}", ["[]", since])
    while text := _frame(heard):
        engine.execute(f"INSERT INTO {quoted} {select}", [text.decode(), since])
    return int(engine.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0])  # noqa: S608 - it is quoted


def _frame(heard: BinaryIO) -> bytes:
    length = int.from_bytes(_exactly(heard, 4))
    return _exactly(heard, length)


def _exactly(heard: BinaryIO, count: int) -> bytes:
    found = heard.read(count)
    if len(found) != count:
        os._exit(3)  # whoever asked is gone
    return found


def _written(value: Any) -> str:
    """A value as CloudTrail Lake writes it: all of them are texts."""
    if value is None:
        return ""
    return _inner(value)


def _inner(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={_inner(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inner(each) for each in value) + "]"
    return str(value)


def _tell(line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
