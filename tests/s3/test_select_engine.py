"""The S3 Select engine on bare values: what each query answers, what it refuses, and that nothing upsets it."""

import bz2
import csv
import gzip
import io
import json
import tracemalloc
from datetime import UTC, datetime
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cumulet.kernel.errors import ServiceError
from cumulet.services.s3 import select
from cumulet.services.s3.select import csv as csv_reader
from cumulet.services.s3.select import errors, like, timestamps

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
CSV, JSON = {"CSV": {}}, {"JSON": {}}
USE = {"CSV": {"FileHeaderInfo": "USE"}}
DOCUMENT, LINES = {"JSON": {"Type": "DOCUMENT"}}, {"JSON": {"Type": "LINES"}}

PEOPLE = 'name,age,City\nAnn,31,Bonn\nBob,7,\n"Q ""x"", y",,Köln\n'
RULES = """{ "Rules": [ {"id": "1"}, {"expr": "y > x"}, {"id": "2", "expr": "z = DEBUG"} ]}
{ "created": "June 27", "modified": "July 6" }"""
FILES = """{"dir": "docs", "files": [{"name": "."}, {"name": "..", "size": 2}], "n": 1.50, "ok": true, "x": null}
{"dir": "Other", "files": [], "n": 20000000000, "ok": false}"""


def events(sql, data, given=CSV, wanted=CSV, **rest):
    source = [data.encode() if isinstance(data, str) else data] if not isinstance(data, list) else data
    return list(select.run(sql, "SQL", given, wanted, source, now=NOW, **rest))


def answer(sql, data, given=CSV, wanted=CSV, **rest):
    found = events(sql, data, given, wanted, **rest)
    return b"".join(event["Records"]["Payload"] for event in found if "Records" in event).decode()


def value(expression):
    """What an expression without columns is worth, as JSON would have it; None for MISSING."""
    return json.loads(answer(f"SELECT {expression} AS v FROM S3Object LIMIT 1", "x\n", wanted=JSON)).get("v")


QUERIES = [
    # the whole record, columns by position, by name, with an alias of the table and of the column
    ("select * from s3object", PEOPLE, CSV, CSV, 'name,age,City\nAnn,31,Bonn\nBob,7,\n"Q ""x"", y",,Köln\n'),
    ("select s.* from s3object s limit 1", PEOPLE, USE, CSV, "Ann,31,Bonn\n"),
    ("SELECT _2, s._1 FROM S3Object s LIMIT 2", PEOPLE, USE, CSV, "31,Ann\n7,Bob\n"),
    ("SELECT NAME FROM S3Object AS s WHERE s.city = 'Köln'", PEOPLE, USE, JSON, '{"NAME":"Q \\"x\\", y"}\n'),
    ('SELECT "City" c, S3Object.age FROM S3Object LIMIT 1;', PEOPLE, USE, JSON, '{"c":"Bonn","age":"31"}\n'),
    ("SELECT _4 FROM S3Object LIMIT 1", PEOPLE, CSV, JSON, "{}\n"),
    ("SELECT _4, _1 FROM S3Object LIMIT 1", PEOPLE, CSV, CSV, ",name\n"),
    ("SELECT * FROM S3Object WHERE _2 = '7'", PEOPLE, CSV, JSON, '{"_1":"Bob","_2":"7","_3":""}\n'),
    ("SELECT * FROM S3Object LIMIT 1", PEOPLE, {"CSV": {"FileHeaderInfo": "IGNORE"}}, CSV, "Ann,31,Bonn\n"),
    ("SELECT * FROM S3Object LIMIT 0", PEOPLE, CSV, CSV, ""),
    ("SELECT s FROM S3Object s LIMIT 1", "a,b\n1,2\n", USE, JSON, '{"s":{"a":"1","b":"2"}}\n'),
    ("SELECT 1+1, _1 FROM S3Object LIMIT 1 -- a comment", "a,b\n", CSV, JSON, '{"_1":2,"_1":"a"}\n'),
    # aggregates
    ("SELECT COUNT(*) FROM S3Object", PEOPLE, USE, JSON, '{"_1":3}\n'),
    ("SELECT COUNT(s.nope) n, MAX(s.n), MIN(n), SUM(s.n) FROM S3Object[*] s", FILES, LINES, JSON,
     '{"n":0,"_2":20000000000,"_3":1.50,"_4":20000000001.50}\n'),
    ("SELECT AVG(CAST(age AS INT)) a, SUM(CAST(age AS INT))/COUNT(*) FROM S3Object WHERE age <> ''",
     PEOPLE, USE, CSV, "19,19\n"),
    ("SELECT AVG(CAST(_1 AS INT)), AVG(CAST(_1 AS FLOAT)) FROM S3Object", "1\n2\n", CSV, CSV, "1.5,1.5\n"),
    ("SELECT COUNT(*), SUM(CAST(_1 AS INT)), MAX(CAST(_1 AS INT)) FROM S3Object", "", CSV, JSON,
     '{"_1":0,"_2":null,"_3":null}\n'),
    # JSON paths, indexes, wildcards, case
    ("SELECT id FROM S3Object[*].Rules[*].id", RULES, DOCUMENT, JSON, '{"id":"1"}\n{}\n{"id":"2"}\n{}\n'),
    ("SELECT id FROM S3Object[*].Rules[*].id WHERE id IS NOT MISSING", RULES, DOCUMENT, JSON,
     '{"id":"1"}\n{"id":"2"}\n'),
    ("SELECT _1.created, _1.modified FROM S3Object[*]", RULES, LINES, JSON,
     '{}\n{"created":"June 27","modified":"July 6"}\n'),
    ("SELECT d.dir, d.files FROM S3Object[*] d", FILES, DOCUMENT, JSON,
     '{"dir":"docs","files":[{"name":"."},{"name":"..","size":2}]}\n{"dir":"Other","files":[]}\n'),
    ("SELECT d.files[1].name, d.DIR FROM S3Object d", FILES, LINES, JSON,
     '{"name":"..","DIR":"docs"}\n{"DIR":"Other"}\n'),
    ("SELECT d.files[1] FROM S3Object d LIMIT 1", FILES, LINES, CSV, '"{""name"":"".."",""size"":2}"\n'),
    ("SELECT * FROM S3Object[*].files[*] f WHERE f.name LIKE '.%'", FILES, DOCUMENT, JSON,
     '{"name":"."}\n{"name":"..","size":2}\n'),
    ("SELECT _1.name FROM S3Object[*].files[*]", FILES, LINES, CSV, ".\n..\n\n"),
    ("SELECT name FROM S3Object[*].files[1].name", FILES, DOCUMENT, JSON, '{"name":".."}\n{}\n'),
    ("SELECT v FROM S3Object[*].* v LIMIT 2", '{"a": [1, 2], "b": "c"}', DOCUMENT, JSON,
     '{"v":[1,2]}\n{"v":"c"}\n'),
    ("SELECT n, ok, x FROM S3Object", FILES, LINES, JSON,
     '{"n":1.50,"ok":true,"x":null}\n{"n":20000000000,"ok":false}\n'),
    ("SELECT n, ok, x FROM S3Object", FILES, LINES, CSV, "1.50,true,\n20000000000,false,\n"),
    ("SELECT dir FROM S3Object WHERE x IS MISSING", FILES, LINES, CSV, "Other\n"),
    ("SELECT dir FROM S3Object WHERE x IS NULL AND x IS NOT MISSING", FILES, LINES, CSV, "docs\n"),
    ("SELECT s['a b'] FROM S3Object s", '{"a b": 1}', DOCUMENT, JSON, '{"a b":1}\n'),
    ("SELECT * FROM S3Object", '1 "two"\n[3]\ntrue', DOCUMENT, JSON,
     '{"_1":1}\n{"_1":"two"}\n{"_1":[3]}\n{"_1":true}\n'),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "data", "given", "wanted", "expected"), QUERIES)
def test_a_query_answers(sql, data, given, wanted, expected):
    assert answer(sql, data, given, wanted) == expected


EXPRESSIONS = [
    # arithmetic and its precedence
    ("1 + 2 * 3 - 4 / 2", 5), ("7 / 2", 3), ("-7 / 2", -3), ("-7 % 3", -1), ("(1 + 2) * 3", 9), ("- - 4", 4),
    ("7.0 / 2", 3.5), ("0.1 + 0.2", 0.3), ("CAST(1 AS FLOAT) / 4", 0.25), ("1.5e2", 150), ("+3", 3),
    ("'a' || 'b' || 'c'", "abc"), ("1 + NULL", None), ("1 + MISSING", None),
    # comparison and logic
    ("1 = 1.0", True), ("1 = '1'", False), ("TRUE = 1", False), ("'a' < 'b'", True), ("2 >= 3", False),
    ("1 <> 2", True), ("1 != 1", False), ("NOT 1 = 2", True), ("NOT NOT TRUE", True), ("NOT NULL", None),
    ("TRUE OR FALSE AND FALSE", True), ("NULL AND FALSE", False), ("NULL OR TRUE", True), ("NULL AND TRUE", None),
    ("NULL = NULL", None), ("NULL IS NULL", True), ("MISSING IS NULL", True), ("NULL IS MISSING", False),
    ("1 IS NOT NULL", True), ("3 BETWEEN 1 AND 3", True), ("3 NOT BETWEEN 1 AND 2", True),
    ("2 BETWEEN 1 AND NULL", None), ("'b' IN ('a', 'b')", True), ("1 IN (2, 3)", False), ("1 NOT IN (2)", True),
    ("1 IN (NULL, 2)", None), ("1 IN (NULL, 1)", True), ("'1' IN (1)", False), ("2 IN [1, 2]", True),
    ("[1, 'a'] = [1, 'a']", True), ("[TRUE] = [1]", False),
    # LIKE
    ("'abc' LIKE 'a%'", True), ("'abc' LIKE '_b_'", True), ("'abc' LIKE '%d'", False), ("'' LIKE '%'", True),
    ("'a%c' LIKE 'a!%c' ESCAPE '!'", True), ("'abc' LIKE 'a!%c' ESCAPE '!'", False), ("'a\nb' LIKE 'a_b'", True),
    ("'abc' NOT LIKE 'b%'", True), ("NULL LIKE 'a'", None), ("'aXbXc' LIKE '%X_'", True), ("'ab' LIKE 'ab_'", False),
    # conditionals
    ("CASE WHEN 1 > 2 THEN 'a' WHEN 2 > 1 THEN 'b' ELSE 'c' END", "b"), ("CASE 'x' WHEN 'y' THEN 1 END", None),
    ("CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"), ("COALESCE(NULL, MISSING, 3)", 3), ("COALESCE(NULL)", None),
    ("NULLIF(1, 1)", None), ("NULLIF(1, 2)", 1), ("NULLIF(1.0, 1)", None), ("NULLIF(1, '1')", 1),
    ("NULLIF([1], [1])", None), ("NULLIF(1, NULL)", 1), ("NULLIF(MISSING, NULL)", None),
    # CAST
    ("CAST('12' AS INT)", 12), ("CAST(12.9 AS INTEGER)", 12), ("CAST('1.5' AS DECIMAL(5, 2))", 1.5),
    ("CAST('1e3' AS FLOAT)", 1000.0), ("CAST('TRUE' AS BOOL)", True), ("CAST(0 AS BOOLEAN)", False),
    ("CAST(TRUE AS INT)", 1), ("CAST(1.50 AS STRING)", "1.50"), ("CAST(NULL AS INT)", None),
    ("CAST(0.5 AS DOUBLE PRECISION)", 0.5), ("CAST('2007-04-05T14:30Z' AS TIMESTAMP)", "2007-04-05T14:30Z"),
    ("CAST(`2007T` AS STRING)", "2007T"), ("CAST(1e30 AS VARCHAR)", "1000000000000000000000000000000"),
    # strings
    ("CHAR_LENGTH('abcdefg')", 7), ("CHARACTER_LENGTH('')", 0), ("CHAR_LENGTH('Köln')", 4), ("LOWER('AbC!')", "abc!"),
    ("UPPER('AbC!')", "ABC!"), ("SUBSTRING('123456789', 0)", "123456789"), ("SUBSTRING('123456789', 2)", "23456789"),
    ("SUBSTRING('123456789', -4)", "123456789"), ("SUBSTRING('123456789', 0, 999)", "123456789"),
    ("SUBSTRING('123456789', 1, 5)", "12345"), ("SUBSTRING('123456789' FROM 3 FOR 2)", "34"),
    ("SUBSTRING('123456789', -1, 4)", "12"), ("SUBSTRING('123456789', -9, 4)", ""), ("SUBSTRING('ab' FROM 2)", "b"),
    ("TRIM('  foo  ')", "foo"), ("TRIM(LEADING FROM '  foo ')", "foo "), ("TRIM(TRAILING FROM ' foo ')", " foo"),
    ("TRIM(BOTH '12' FROM '1112211foobar22211122')", "foobar"), ("TRIM('x' FROM 'xax')", "a"), ("LOWER(NULL)", None),
    # dates; from the examples of the SQL reference
    ("DATE_ADD(year, 5, `2010-01-01T`)", "2015-01-01"), ("DATE_ADD(month, 1, `2010T`)", "2010-02T"),
    ("DATE_ADD(month, 13, `2010T`)", "2011-02T"), ("DATE_ADD(day, -1, `2017-01-10T`)", "2017-01-09"),
    ("DATE_ADD(hour, 1, `2017T`)", "2017-01-01T01:00-00:00"),
    ("DATE_ADD(hour, 1, `2017-01-02T03:04Z`)", "2017-01-02T04:04Z"),
    ("DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:05:05.006Z"),
    ("DATE_ADD(month, 1, `2024-01-31`)", "2024-02-29"),
    ("DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)", 1), ("DATE_DIFF(month, `2010T`, `2010-05T`)", 4),
    ("DATE_DIFF(month, `2010T`, `2011T`)", 12), ("DATE_DIFF(month, `2011T`, `2010T`)", -12),
    ("DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)", 0),
    ("DATE_DIFF(hour, `2010-01-01T00:00Z`, `2010-01-01T00:00-02:00`)", 2),
    ("EXTRACT(YEAR FROM `2010-01-01T`)", 2010), ("EXTRACT(month FROM `2010T`)", 1),
    ("EXTRACT(HOUR FROM `2017-01-02T03:04:05+07:08`)", 3),
    ("EXTRACT(TIMEZONE_HOUR FROM `2017-01-02T03:04:05+07:08`)", 7),
    ("EXTRACT(TIMEZONE_MINUTE FROM `2017-01-02T03:04:05+07:08`)", 8),
    ("TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y')", "July 20, 1969"),
    ("TO_STRING(`1969-07-20T20:18Z`, 'MMM d, yyyy')", "Jul 20, 1969"),
    ("TO_STRING(`1969-07-20T20:18Z`, 'M-d-yy')", "7-20-69"), ("TO_STRING(`1969-07-20T20:18Z`, 'MM-d-y')", "07-20-1969"),
    ("TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y h:m a')", "July 20, 1969 8:18 PM"),
    ("TO_STRING(`1969-07-20T20:18Z`, 'y-MM-dd''T''H:m:ssX')", "1969-07-20T20:18:00Z"),
    ("TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXX')", "1969-07-20T20:18:00+0800"),
    ("TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXXX')", "1969-07-20T20:18:00+08:00"),
    ("TO_TIMESTAMP('2007T')", "2007T"),
    ("TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')", "2007-02-23T12:14:33.079-08:00"),
    ("TO_TIMESTAMP('Jul 4, 1976 1:02 PM', 'MMM d, y h:mm a')", "1976-07-04T13:02-00:00"),
    ("UTCNOW()", "2026-01-02T03:04:05.678Z"), ("`2017T` < `2017-01-01T00:00:01Z`", True),
    ("`2017-01-01T01:00+01:00` = `2017T`", True),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_an_expression_is_worth(expression, expected):
    found = value(expression)
    assert found == expected
    assert type(found) is type(expected) or isinstance(found, int | float)


REFUSALS = [
    (errors.ExpressionTooLong, "SELECT '" + "x" * 256 * 1024 + "' FROM S3Object"),
    (errors.ParseUnexpectedToken, "DELETE FROM S3Object"),
    (errors.ParseUnexpectedToken, "SELECT * FROM S3Object WHERE _1 = '1' ORDER BY _1"),
    (errors.ParseUnexpectedToken, "SELECT * FROM S3Object GROUP BY _1"),
    (errors.ParseEmptySelect, "SELECT FROM S3Object"),
    (errors.ParseSelectMissingFrom, "SELECT _1"),
    (errors.EvaluatorBindingDoesNotExist, "SELECT * FROM mytable"),
    (errors.MultipleDataSourcesUnsupported, "SELECT * FROM S3Object a, S3Object b"),
    (errors.ParseUnsupportedSelect, "SELECT * FROM (SELECT * FROM S3Object)"),
    (errors.ParseAsteriskIsNotAloneInSelectList, "SELECT *, _1 FROM S3Object"),
    (errors.ParseAsteriskIsNotAloneInSelectList, "SELECT _1, * FROM S3Object"),
    (errors.ParseInvalidContextForWildcardInSelectList, "SELECT s.*, _1 FROM S3Object s"),
    (errors.ParseUnexpectedKeyword, "SELECT s.cast FROM S3Object s"),
    (errors.ParseUnexpectedKeyword, "SELECT date FROM S3Object s"),
    (errors.ParseExpectedIdentForAlias, "SELECT _1 AS date FROM S3Object s"),
    (errors.InvalidKeyPath, "SELECT * FROM S3Object.a"),
    (errors.InvalidKeyPath, "SELECT * FROM S3Object[*].a"),
    (errors.InvalidKeyPath, "SELECT s._1.a FROM S3Object s"),
    (errors.InvalidColumnIndex, "SELECT _0 FROM S3Object"),
    (errors.MissingHeaders, "SELECT name FROM S3Object"),
    (errors.LexerInvalidChar, "SELECT 'open FROM S3Object"),
    (errors.LexerInvalidChar, "SELECT /* open FROM S3Object"),
    (errors.LexerInvalidIONLiteral, "SELECT `2010-13-45T` FROM S3Object"),
    (errors.LexerInvalidLiteral, "SELECT " + "9" * 39 + " FROM S3Object"),
    (errors.UnsupportedFunction, "SELECT md5(_1) FROM S3Object"),
    (errors.EvaluatorInvalidArguments, "SELECT LOWER(_1, _2) FROM S3Object"),
    (errors.EvaluatorInvalidArguments, "SELECT UTCNOW(1) FROM S3Object"),
    (errors.ParseExpectedDatePart, "SELECT DATE_ADD(week, 1, UTCNOW()) FROM S3Object"),
    (errors.ParseExpectedTypeName, "SELECT CAST(_1 AS money) FROM S3Object"),
    (errors.ParseCastArity, "SELECT CAST(_1) FROM S3Object"),
    (errors.ParseExpectedWhenClause, "SELECT CASE _1 ELSE 2 END FROM S3Object"),
    (errors.ParseNonUnaryAgregateFunctionCall, "SELECT SUM(_1, _2) FROM S3Object"),
    (errors.ParseUnsupportedCallWithStar, "SELECT SUM(*) FROM S3Object"),
    (errors.UnsupportedSqlStructure, "SELECT _1, COUNT(*) FROM S3Object"),
    (errors.UnsupportedSqlStructure, "SELECT _1 FROM S3Object WHERE COUNT(*) > 1"),
    (errors.UnsupportedSqlStructure, "SELECT SUM(COUNT(*)) FROM S3Object"),
    (errors.EvaluatorNegativeLimit, "SELECT _1 FROM S3Object LIMIT -1"),
    (errors.ParseExpectedNumber, "SELECT _1 FROM S3Object LIMIT ten"),
    (errors.ParseUnsupportedSyntax, "SELECT " + "(" * 1000 + "1" + ")" * 1000 + " FROM S3Object"),
    (errors.ParseUnsupportedSyntax, "SELECT 1" + " IS NULL" * 1000 + " FROM S3Object"),
]
DATA_REFUSALS = [
    (errors.CastFailed, "CAST('12.5' AS INT)"), (errors.CastFailed, "CAST('' AS INT)"),
    (errors.CastFailed, "CAST('nan' AS FLOAT)"), (errors.CastFailed, "CAST(9223372036854775808 AS INT)"),
    (errors.CastFailed, "CAST(1e999999999 AS INT)"), (errors.CastFailed, "CAST('maybe' AS BOOL)"),
    (errors.CastFailed, "CAST('2007-02-30' AS TIMESTAMP)"), (errors.CastFailed, "CAST([1] AS STRING)"),
    (errors.CastFailed, "CAST('2007-02-03T04:05' AS TIMESTAMP)"), (errors.IntegerOverflow, "9223372036854775807 + 1"),
    (errors.EvaluatorInvalidArguments, "1 / 0"), (errors.EvaluatorInvalidArguments, "1.0 % 0"),
    (errors.EvaluatorInvalidArguments, "_1 > 5"), (errors.EvaluatorInvalidArguments, "_1 + 1"),
    (errors.EvaluatorInvalidArguments, "1 || 'a'"), (errors.EvaluatorInvalidArguments, "NOT 1"),
    (errors.EvaluatorInvalidArguments, "1e999999 * 1e999999"), (errors.EvaluatorInvalidArguments, "1 IN 'abc'"),
    (errors.EvaluatorInvalidArguments, "CAST(1e308 AS FLOAT) * 10"),
    (errors.EvaluatorInvalidArguments, "DATE_ADD(year, 9000, `2010T`)"),
    (errors.EvaluatorInvalidArguments, "DATE_ADD(second, 9223372036854775807, `2010T`)"),
    (errors.EvaluatorInvalidArguments, "SUBSTRING('abc', 1, -1)"),
    (errors.IncorrectSqlFunctionArgumentType, "LOWER(1)"), (errors.IncorrectSqlFunctionArgumentType, "SUM(_1)"),
    (errors.IncorrectSqlFunctionArgumentType, "MAX('a')"),
    (errors.IncorrectSqlFunctionArgumentType, "EXTRACT(year FROM 'a')"),
    (errors.IncorrectSqlFunctionArgumentType, "SUBSTRING('abc', 1.5)"),
    (errors.LikeInvalidInputs, "1 LIKE '1'"),
    (errors.EvaluatorLikePatternInvalidEscapeSequence, "'a' LIKE 'a!' ESCAPE '!'"),
    (errors.EvaluatorLikePatternInvalidEscapeSequence, "'a' LIKE '!a' ESCAPE '!'"),
    (errors.EvaluatorLikePatternInvalidEscapeSequence, "'a' LIKE 'a' ESCAPE '!!'"),
    (errors.ValueParseFailure, "TO_TIMESTAMP('yesterday')"), (errors.ValueParseFailure, "TO_TIMESTAMP('1', 'yyyy')"),
    (errors.EvaluatorUnterminatedTimestampFormatPatternToken, "TO_STRING(UTCNOW(), 'y ''T')"),
    (errors.EvaluatorInvalidTimestampFormatPatternSymbol, "TO_STRING(UTCNOW(), 'y Q')"),
    (errors.EvaluatorInvalidTimestampFormatPatternToken, "TO_STRING(UTCNOW(), 'MMMMMM')"),
    (errors.EvaluatorTimestampFormatPatternDuplicateFields, "TO_TIMESTAMP('1', 'y yy')"),
    (errors.EvaluatorTimestampFormatPatternHourClockAmPmMismatch, "TO_TIMESTAMP('1', 'y h')"),
    (errors.EvaluatorInvalidTimestampFormatPatternSymbolForParsing, "TO_TIMESTAMP('1', 'MMMMM')"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "sql"), REFUSALS, ids=lambda part: str(part)[:60])
def test_a_query_that_cannot_be_is_refused_before_any_data_is_read(error, sql):
    def unread():
        raise AssertionError("the data was read")
        yield b""

    with pytest.raises(error) as caught:
        select.run(sql, "SQL", CSV, CSV, unread(), now=NOW)
    assert caught.value.status == 400
    assert caught.value.code == error.__name__


@pytest.mark.parametrize(("error", "expression"), DATA_REFUSALS, ids=lambda part: str(part)[:60])
def test_an_expression_that_fails_on_the_data_is_refused(error, expression):
    with pytest.raises(error):
        value(expression)


@pytest.mark.parametrize(
    ("error", "given", "wanted", "kind"),
    [
        (errors.InvalidExpressionType, CSV, CSV, "PartiQL"),
        (errors.MissingRequiredParameter, {}, CSV, "SQL"),
        (errors.MissingRequiredParameter, CSV, {}, "SQL"),
        (errors.MissingRequiredParameter, {"JSON": {}}, CSV, "SQL"),
        (errors.ObjectSerializationConflict, {**CSV, **DOCUMENT}, CSV, "SQL"),
        (errors.ObjectSerializationConflict, CSV, {**CSV, **JSON}, "SQL"),
        (errors.InvalidJsonType, {"JSON": {"Type": "ARRAY"}}, CSV, "SQL"),
        (errors.InvalidFileHeaderInfo, {"CSV": {"FileHeaderInfo": "MAYBE"}}, CSV, "SQL"),
        (errors.InvalidQuoteFields, CSV, {"CSV": {"QuoteFields": "NEVER"}}, "SQL"),
        (errors.InvalidCompressionFormat, {**CSV, "CompressionType": "ZIP"}, CSV, "SQL"),
        (errors.InvalidRequestParameter, {"CSV": {"QuoteCharacter": "''"}}, CSV, "SQL"),
        (errors.InvalidRequestParameter, CSV, {"JSON": {"RecordDelimiter": ""}}, "SQL"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(error, given, wanted, kind):
    with pytest.raises(error):
        select.run("SELECT * FROM S3Object", kind, given, wanted, [], now=NOW)


def test_parquet_is_refused_as_not_implemented():
    with pytest.raises(ServiceError, match="Parquet") as caught:
        select.run("SELECT * FROM S3Object", "SQL", {"Parquet": {}}, CSV, [], now=NOW)
    assert (caught.value.code, caught.value.status) == ("NotImplemented", 501)


# ---- CSV


@pytest.mark.parametrize(
    ("settings", "data", "expected"),
    [
        ({"FieldDelimiter": "\t"}, "a\tb\n", ["a", "b"]),
        ({"FieldDelimiter": "::", "RecordDelimiter": "\r\n"}, "a::b\r\nc::d\r\n", ["a", "b"]),
        ({"QuoteCharacter": "'"}, "'a,b',\"c\n", ["a,b", '"c']),
        ({"QuoteEscapeCharacter": "\\"}, '"a\\"b\\\\c\\d",e\n', ['a"b\\c\\d', "e"]),
        ({"QuoteCharacter": ""}, '"a,b"\n', ['"a', 'b"']),
        ({"Comments": ";"}, ";no\n#yes\n", ["#yes"]),
        ({"Comments": ""}, "#yes\n", ["#yes"]),
        ({}, "#no\n\n\nyes\n", ["yes"]),
        ({}, "\ufeffa,b", ["a", "b"]),
        ({}, 'a"b,"c"d\n', ['a"b', "cd"]),
        ({"AllowQuotedRecordDelimiter": True}, '"a\nb","c""d"\n', ["a\nb", 'c"d']),
        ({"AllowQuotedRecordDelimiter": True, "RecordDelimiter": "\r\n"}, '"a\r\nb",c\r\n', ["a\r\nb", "c"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", [1, 1000])
def test_a_csv_is_read_as_it_says_it_is_written(settings, data, expected, step):
    data = data.encode()
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    found = answer("SELECT * FROM S3Object LIMIT 1", pieces, {"CSV": settings}, JSON)
    assert list(json.loads(found).values()) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, 'x,"a ""b"", c",\n'),
        ({"QuoteFields": "ALWAYS"}, '"x","a ""b"", c",""\n'),
        ({"QuoteEscapeCharacter": "\\"}, 'x,"a \\"b\\", c",\n'),
        ({"FieldDelimiter": "|", "RecordDelimiter": "\r\n", "QuoteCharacter": "'"}, 'x|a "b", c|\r\n'),
    ],
)
def test_a_csv_is_written_as_asked(settings, expected):
    assert answer("SELECT * FROM S3Object", 'x,"a ""b"", c",\n', CSV, {"CSV": settings}) == expected


def test_a_quoted_record_delimiter_must_be_allowed():
    with pytest.raises(errors.CSVEscapingRecordDelimiter):
        answer("SELECT * FROM S3Object", '"a\nb"\n')
    with pytest.raises(errors.CSVUnescapedQuote):
        answer("SELECT * FROM S3Object", 'x\n"a')
    with pytest.raises(errors.CSVUnescapedQuote):
        answer("SELECT * FROM S3Object", '"a\nb', {"CSV": {"AllowQuotedRecordDelimiter": True}})


def test_headers_must_be_there_and_be_unambiguous():
    data = "Name,name,other\n1,2,3\n"
    with pytest.raises(errors.AmbiguousFieldName):
        answer("SELECT name FROM S3Object", data, USE)
    assert answer('SELECT "name" FROM S3Object', data, USE) == "2\n"
    with pytest.raises(errors.MissingHeaders):
        answer('SELECT "OTHER" FROM S3Object', data, USE)
    with pytest.raises(errors.MissingHeaders):
        answer("SELECT nothing FROM S3Object", data, USE)
    with pytest.raises(errors.AmbiguousFieldName):
        answer("SELECT s.a FROM S3Object s", '{"a": 1, "A": 2}', LINES)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=8)
tables = st.lists(st.lists(cells, min_size=1, max_size=5), min_size=1, max_size=8)


@given(tables, st.integers(1, 70), st.sampled_from(["\n", "\r\n", ";;"]))
@settings(max_examples=200, deadline=None)
def test_every_csv_comes_back_as_it_went(table, step, end):
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator=end).writerows(table)
    data = written.getvalue().encode()
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    given = {"CSV": {"AllowQuotedRecordDelimiter": True, "RecordDelimiter": end}}
    found = answer("SELECT * FROM S3Object", pieces, given, {"CSV": {"QuoteFields": "ALWAYS"}})
    assert list(csv.reader(io.StringIO(found, newline=""))) == table
    if [""] in table:
        return  # without quotes it is an empty line, and that is no record
    as_needed = answer("SELECT * FROM S3Object", pieces, given)
    again = answer("SELECT * FROM S3Object", as_needed, {"CSV": {"AllowQuotedRecordDelimiter": True, "Comments": ""}})
    assert again == as_needed


@given(st.text("\"',\\ab#", max_size=14), st.sampled_from([",", "',"]), st.sampled_from('"\\'))
@settings(max_examples=400, deadline=None)
def test_the_quick_reading_of_a_line_agrees_with_the_careful_one(line, comma, escape):
    reader = csv_reader._Reader(csv_reader.Dialect(field_delimiter=comma, escape=escape))
    quick = reader._whole_line(line)
    try:
        careful, _ = reader._fields(line, 0, final=True)
    except errors.CSVUnescapedQuote:
        careful = None
    assert quick in (careful, None)
    if '"' not in line:
        assert quick == careful == line.split(comma)


# ---- JSON

documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("aAb\"\\{}é", max_size=3), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(documents, min_size=1, max_size=4), st.integers(1, 40), st.sampled_from([None, 1]))
@settings(max_examples=200, deadline=None)
def test_every_json_comes_back_as_it_went(values, step, indent):
    data = " ".join(json.dumps({"v": value}, indent=indent) for value in values).encode()
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    for sql in ("SELECT s.v FROM S3Object s", "SELECT v FROM S3Object[*].v"):
        found = answer(sql, pieces, DOCUMENT, JSON).split("\n")
        assert [json.loads(line)["v"] for line in found[:-1]] == values


@given(documents, st.sampled_from(["[*]", ".a", '."a"', "[1]", ".*", ".a[*]", "[*].b", "[*][*].a", ".*[0]"]))
@settings(max_examples=300, deadline=None)
def test_lines_and_documents_find_the_same_records(value, path):
    line = json.dumps(value).encode()
    given = {}
    for kind in (LINES, DOCUMENT):
        try:
            given[kind["JSON"]["Type"]] = answer(f"SELECT v FROM S3Object[*]{path} v", line, kind, JSON)
        except errors.AmbiguousFieldName:
            given[kind["JSON"]["Type"]] = "ambiguous"
    assert given["LINES"] == given["DOCUMENT"]


@pytest.mark.parametrize(
    "data",
    ["{", '{"a"', '{"a":', '{"a":1', '{"a":1,}', "{a:1}", '{"a" 1}', '"open', "[1,]", "}", "nul", "1 2 x", "[1 2]",
     "NaN", '{"a":1}}', "[" * 100_000, '{"a":' * 100_000, "1" * 5000, '"\\ud800"', "1e99999999999999999999"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["", ".a", "[*]"])
@pytest.mark.parametrize("kind", [LINES, DOCUMENT])
def test_what_is_not_json_is_refused(data, path, kind):
    if kind is LINES and data == "1 2 x":
        data = "1 2"
    with pytest.raises((errors.JSONParsingError, errors.OverMaxRecordSize)):
        answer(
            f"SELECT * FROM S3Object[*]{path} x WHERE FALSE AND x.b = 1", data + ("\n1" if kind is LINES else ""), kind
        )


def test_a_json_record_of_a_document_may_be_one_of_very_many():
    def source():
        yield b'{"skipped": [{"a": ['
        for _ in range(300):
            yield b"12345, " * 1000
        yield b'7], "b": "'
        for _ in range(50):
            yield b"x" * 10_000
        yield b'"}], "Records": ['
        for number in range(20_000):
            yield b'{"n": %d, "text": "%s"},' % (number, b"y" * 200)
        yield b'{"n": -1}]}'

    tracemalloc.start()
    found = answer("SELECT COUNT(*), MAX(r.n) FROM S3Object[*].Records[*] r", source_list(source), DOCUMENT, CSV)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == "20001,19999\n"
    assert peak < 2_000_000


def source_list(source):
    """`answer` wants a list; this one makes its items when asked."""

    class Lazy(list):
        def __iter__(self):
            return source()

    return Lazy()


# ---- encodings, sizes, compression


@pytest.mark.parametrize("given", [CSV, LINES, DOCUMENT])
def test_only_utf_8_is_read(given):
    with pytest.raises((errors.InvalidTextEncoding, errors.JSONParsingError)):
        answer("SELECT * FROM S3Object", b'"\xff\xfe"\n', given)


@pytest.mark.parametrize(
    ("given", "data"),
    [
        (CSV, b"x" * 3_000_000),
        (CSV, b"x" * 1_100_000 + b"\nx\n"),
        ({"CSV": {"AllowQuotedRecordDelimiter": True}}, b'"' + b"x\n" * 1_500_000),
        (LINES, b'"' + b"x" * 3_000_000 + b'"'),
        (DOCUMENT, b'"' + b"x" * 3_000_000 + b'"'),
        (DOCUMENT, b'{"a":[' + b"1," * 1_500_000),
        (DOCUMENT, b"1" * 3_000_000),
    ],
)
def test_a_record_has_at_most_a_megabyte(given, data):
    with pytest.raises(errors.OverMaxRecordSize):
        answer("SELECT * FROM S3Object", data, given)


def test_a_column_of_a_result_has_at_most_a_megabyte():
    with pytest.raises(errors.ColumnTooLong):
        answer("SELECT " + "||".join(["_1"] * 20) + " FROM S3Object", "x" * 100_000)


@pytest.mark.parametrize(
    ("compression", "pack"), [("GZIP", gzip.compress), ("BZIP2", bz2.compress)]
)  # fmt: skip
@pytest.mark.parametrize("step", [1, 10_000])
def test_compressed_objects_are_read_and_counted(compression, pack, step):
    data = pack(PEOPLE.encode()) + pack(b"Zoe,1,Ulm\n") + b"\0\0"
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    found = events("SELECT name FROM S3Object", pieces, {**USE, "CompressionType": compression})
    assert found[0]["Records"]["Payload"].endswith(b"Zoe\n")
    details = found[-2]["Stats"]["Details"]
    assert details["BytesScanned"] == len(data)
    assert details["BytesProcessed"] == len(PEOPLE.encode()) + 10


@pytest.mark.parametrize(("compression", "pack"), [("GZIP", gzip.compress), ("BZIP2", bz2.compress)])
def test_what_is_not_properly_compressed_is_refused(compression, pack):
    given = {**CSV, "CompressionType": compression}
    with pytest.raises(errors.InvalidCompressionFormat):
        answer("SELECT * FROM S3Object", PEOPLE, given)
    with pytest.raises(errors.TruncatedInput):
        answer("SELECT * FROM S3Object", pack(PEOPLE.encode())[:-3], given)


def test_a_bomb_is_read_a_little_at_a_time():
    bomb = gzip.compress(b"a,b\n" * 10_000_000)  # 40 MB from 60 KB
    sql, given = "SELECT * FROM S3Object WHERE _1 = 'b'", {**CSV, "CompressionType": "GZIP"}
    run = select.run(sql, "SQL", given, CSV, [bomb], now=NOW)
    tracemalloc.start()
    assert list(islice(run, 5)) == [{"Cont": {}}] * 5
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6_000_000


# ---- events


def test_a_run_gives_turns_sends_in_parts_and_ends_with_stats():
    data = [b"keep,%d\n" % number for number in range(60_000)] + [b"drop,1\n"] * 120_000
    found = events("SELECT * FROM S3Object WHERE _1 = 'keep'", data, request_progress=True)
    kinds = [next(iter(event)) for event in found]
    assert kinds.count("Records") > 5
    assert "Cont" in kinds
    assert kinds[-3:] == ["Progress", "Stats", "End"]
    returned = b"".join(event["Records"]["Payload"] for event in found if "Records" in event)
    assert returned == b"".join(data[:60_000])
    total = sum(map(len, data))
    assert found[-2]["Stats"]["Details"] == {
        "BytesScanned": total, "BytesProcessed": total, "BytesReturned": len(returned)
    }  # fmt: skip


def test_a_limit_stops_reading():
    def source():
        yield b"a\n" * 100_000
        raise AssertionError("read on after the limit")

    assert answer("SELECT * FROM S3Object LIMIT 2", source_list(source)) == "a\na\n"


@given(st.lists(st.text("abc", min_size=1, max_size=6), max_size=12), st.integers(0, 60), st.integers(0, 60),
       st.integers(1, 9), st.sampled_from(["\n", "\r\n", "||"]))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_scan_ranges_share_the_records_out(rows, first, second, step, end):
    """Cut anywhere into three, each record belongs to the part that holds its first byte, and to no other."""
    data = "".join(row + end for row in rows).encode()
    low, high = sorted((first, second))
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    given = {"CSV": {"RecordDelimiter": end}}
    ranges = [{"Start": low, "End": high}, {"Start": high + 1}]
    if low:
        ranges.insert(0, {"Start": 0, "End": low - 1})
    parts = [answer("SELECT * FROM S3Object", pieces, given, scan_range=part) for part in ranges]
    assert "".join(parts) == "".join(row + "\n" for row in rows)


def test_a_scan_range_keeps_the_header_and_may_count_from_the_end():
    data = "k,v\na,1\nb,2\nc,3\n"
    assert answer("SELECT k FROM S3Object", data, USE, scan_range={"Start": 5}) == "b\nc\n"
    assert answer("SELECT k FROM S3Object", data, USE, scan_range={"End": 5}, size=len(data)) == "c\n"
    assert answer("SELECT a FROM S3Object", '{"a":1}\n{"a":2}\n', LINES, scan_range={"Start": 0, "End": 7}) == "1\n"


@pytest.mark.parametrize(
    ("error", "given", "scan_range"),
    [
        (errors.InvalidScanRange, CSV, {"Start": 5, "End": 4}),
        (errors.InvalidScanRange, CSV, {"Start": -1}),
        (errors.UnsupportedScanRangeInput, DOCUMENT, {"Start": 1}),
        (errors.UnsupportedScanRangeInput, {**CSV, "CompressionType": "GZIP"}, {"Start": 1}),
        (errors.UnsupportedScanRangeInput, {"CSV": {"AllowQuotedRecordDelimiter": True}}, {"Start": 1}),
    ],
)
def test_scan_ranges_that_cannot_be_are_refused(error, given, scan_range):
    with pytest.raises(error):
        select.run("SELECT * FROM S3Object", "SQL", given, CSV, [], now=NOW, scan_range=scan_range)


# ---- hostility

WORDS = st.sampled_from(
    """SELECT FROM S3Object S3Object[*] WHERE LIMIT * ( ) [ ] , . ; + - / % || = <> < >= AND OR NOT IN LIKE BETWEEN
    IS NULL MISSING TRUE CASE WHEN THEN ELSE END CAST( AS INT DECIMAL FLOAT TIMESTAMP STRING COUNT( SUM( AVG( MIN(
    COALESCE( NULLIF( SUBSTRING( TRIM( BOTH FOR LOWER( TO_STRING( TO_TIMESTAMP( DATE_ADD( DATE_DIFF( year
    EXTRACT( hour UTCNOW() `2010T` `2010-01-01T00:00:00Z` 'a' '%_' 'y-M' '12' 1 0 2.5 1e400 -1 _1 _2 s.a "a" a
    ESCAPE [*] .* `x` " ' \\ é /* -- {""".split()  # noqa: SIM905
)
QUESTIONS = st.one_of(
    st.text(max_size=60),
    st.lists(WORDS, max_size=25).map(" ".join),
    st.lists(WORDS, max_size=15).map(lambda words: f"SELECT {' '.join(words)} FROM S3Object s"),
    st.lists(WORDS, max_size=15).map(lambda words: f"SELECT * FROM S3Object s WHERE {' '.join(words)}"),
)


@given(QUESTIONS, st.sampled_from([CSV, USE, LINES, DOCUMENT]), st.sampled_from([CSV, JSON]))
@settings(max_examples=500, deadline=None)
def test_no_query_gets_more_than_an_answer_or_a_documented_error(sql, given, wanted):
    data = '{"a": 1, "s": [true, null, 1e400]}\n{"A": "12"}\n' if "JSON" in given else "a,b\n12,x\n2010T,\n"
    try:
        answer(sql, data, given, wanted)
    except errors.SelectError as refused:
        assert refused.status == 400
        assert len(str(refused)) < 500


FORMS = [
    CSV,
    USE,
    {"CSV": {"AllowQuotedRecordDelimiter": True, "QuoteEscapeCharacter": "\\", "RecordDelimiter": "\r\n"}},
    LINES,
    DOCUMENT,
    {**CSV, "CompressionType": "GZIP"},
    {**LINES, "CompressionType": "BZIP2"},
]
CONTENT = st.binary(max_size=80) | st.text("\"{}[]:,\\'\n\r#ab01eE.-tn \x00\u00e9", max_size=80).map(str.encode)


@given(CONTENT, st.sampled_from(FORMS), st.integers(1, 80), st.sampled_from(["", ".a", "[*]", ".*"]))
@settings(max_examples=500, deadline=None)
def test_no_object_gets_more_than_an_answer_or_a_documented_error(data, given, step, path):
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    table = f"S3Object[*]{path}" if "JSON" in given else "S3Object"
    try:
        answer(f"SELECT * FROM {table} s WHERE s IS NOT MISSING", pieces, given, JSON)
    except errors.SelectError as refused:
        assert refused.status == 400


@pytest.mark.parametrize(
    ("sql", "given", "wanted"),
    [
        ("SELECT 1" + "+1" * 50_000 + " FROM S3Object", CSV, CSV),
        ("SELECT * FROM S3Object WHERE " + "NOT " * 50_000 + "TRUE", CSV, CSV),
        ("SELECT " + "/*" * 120_000, CSV, CSV),
        ("SELECT " + "-" * 200_000 + "1 FROM S3Object", CSV, CSV),
        ("SELECT " + "- " * 100_000 + "1 FROM S3Object", CSV, CSV),
        ("SELECT " + "a." * 100_000 + "a FROM S3Object", LINES, JSON),
        ("SELECT " + "1," * 100_000 + "1 FROM S3Object", CSV, JSON),
        ("SELECT " + "[" * 30 + "]" * 30 + " FROM S3Object", CSV, JSON),
        ("SELECT CAST(1e-999999999 AS INT), CAST(-1e-999999999 AS FLOAT) FROM S3Object", CSV, JSON),
        ("SELECT " + "COALESCE(1+" * 39 + "1" + ")" * 39 + " FROM S3Object", CSV, JSON),
        ("SELECT CAST(1e999999999 AS STRING), 1e-999999999 = 1, 1e999999999 FROM S3Object", CSV, JSON),
    ],
    ids=lambda part: str(part)[:30],
)
@pytest.mark.timeout(60)
def test_no_length_of_a_query_upsets_it(sql, given, wanted):
    test_no_query_gets_more_than_an_answer_or_a_documented_error.hypothesis.inner_test(sql, given, wanted)


@given(st.text("ab_%", max_size=12), st.text("ab_%!", max_size=8))
@settings(max_examples=500, deadline=None)
def test_like_agrees_with_its_definition(text, pattern):
    try:
        found = like.matches(text, pattern, "!")
    except errors.EvaluatorLikePatternInvalidEscapeSequence:
        return
    assert found == _like(text, pattern)


def _like(text, pattern):
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(_like(text[at:], pattern[1:]) for at in range(len(text) + 1))
    if pattern[0] == "!":
        return text[:1] == pattern[1] and _like(text[1:], pattern[2:])
    return bool(text) and pattern[0] in ("_", text[0]) and _like(text[1:], pattern[1:])


def test_patterns_and_sets_of_characters_have_limits():
    with pytest.raises(errors.LikeInvalidInputs):
        answer("SELECT * FROM S3Object WHERE 'a' LIKE _1", "%" * 40_000)
    with pytest.raises(errors.EvaluatorInvalidArguments):
        answer("SELECT TRIM(_1 FROM 'a') FROM S3Object", "b" * 2_000)


def test_a_scan_range_counts_only_what_it_read():
    details = events("SELECT * FROM S3Object", "ab\n" * 1000, scan_range={"Start": 3, "End": 8})[-2]["Stats"]["Details"]
    assert details == {"BytesScanned": 6, "BytesProcessed": 6, "BytesReturned": 6}


def test_like_does_not_hang_on_many_wildcards():
    assert not like.matches("a" * 100_000, "%a" * 200 + "%b%")
    with pytest.raises(errors.LikeInvalidInputs):
        like.matches("a" * 1_000_000, "%" + "a_" * 10_000 + "b%")


moments = st.builds(
    timestamps.build,
    st.tuples(st.integers(1, 9999), st.integers(1, 12), st.integers(1, 28), st.integers(0, 23), st.integers(0, 59),
              st.integers(0, 59)).map(list),
    st.just(5), st.text("0123456789", max_size=9), st.none() | st.integers(-1439, 1439),
)  # fmt: skip


@given(moments)
def test_a_timestamp_comes_back_from_its_text(moment):
    again = timestamps.parse(str(moment))
    assert (str(again), again) == (str(moment), moment)


@given(moments, moments, st.sampled_from(timestamps.PARTS))
def test_a_difference_is_the_most_that_can_be_added(first, second, part):
    first, second = sorted((first, second))
    whole = timestamps.difference(part, first, second)
    assert whole >= 0
    assert timestamps.difference(part, second, first) == -whole
