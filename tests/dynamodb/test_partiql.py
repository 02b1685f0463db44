"""PartiQL: statements that read and write, alone, in batches and in transactions."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.partiql import parser

MALFORMED = "Statement wasn't well formed, can't be processed: "
NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
_wire, _plain = TypeSerializer(), TypeDeserializer()

Run = Callable[..., Any]


@pytest.fixture
def dynamodb(client) -> Any:
    made = client("dynamodb")
    types = {"pk": "S", "sk": "N", "kind": "S"}
    made.create_table(
        TableName="Tab", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-kind",
                "KeySchema": [
                    {"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )  # fmt: skip
    return made


@pytest.fixture
def run(dynamodb) -> Run:
    """Runs a statement; its items as plain values."""

    def execute(statement: str, *parameters: Any, **more: Any) -> list[dict[str, Any]]:
        given = {"Parameters": wired(*parameters)} if parameters else {}
        return plain(dynamodb.execute_statement(Statement=statement, **given, **more)["Items"])

    return execute


def wired(*parameters: Any) -> list[Any]:
    return [_wire.serialize(each) for each in parameters]


def plain(items: list[Any]) -> list[dict[str, Any]]:
    return [{name: _plain.deserialize(value) for name, value in item.items()} for item in items]


def refusal(call: Any, *args: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(*args, **given)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def invalid(call: Any, *args: Any, **given: Any) -> str:
    code, message = refusal(call, *args, **given)
    assert code == "ValidationException"
    return message


@pytest.fixture
def one(run) -> Run:
    """Reads the item ('a', 1), or the one of another sort key."""
    return lambda sk=1: next(iter(run("SELECT * FROM Tab WHERE pk = 'a' AND sk = ?", sk)), None)


# SELECT


@pytest.fixture
def filled(run) -> None:
    for pk, sk, kind in (("a", 1, "x"), ("a", 2, "y"), ("a", 10, "x"), ("b", 1, "x"), ("c", 5, None)):
        given = {"pk": pk, "sk": sk, "m": {"half": Decimal(sk) / 2, "l": [sk, pk]}}
        inserted(run, given | ({"kind": kind} if kind else {}))


def inserted(run: Run, item: dict[str, Any]) -> None:
    names = ", ".join(f"'{name}': ?" for name in item)
    run(f"INSERT INTO Tab VALUE {{{names}}}", *item.values())


def keys(items: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(item["pk"], int(item["sk"])) for item in items]


A = [("a", 1), ("a", 2), ("a", 10)]
B, C = ("b", 1), ("c", 5)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("pk = 'a'", A),
        ("'a' = pk AND sk > 1", A[1:]),
        ("pk = 'a' AND 2 >= sk", A[:2]),
        ("pk = 'a' AND sk < 10 AND sk > 1", A[1:2]),
        ("pk = 'a' AND sk BETWEEN 2 AND 10", A[1:]),
        ("pk = 'a' AND sk <> 2", [A[0], A[2]]),
        ("pk = 'a' AND sk IN (1, 10, 11)", [A[0], A[2]]),
        ("pk = 'a' ORDER BY sk DESC", A[::-1]),
        ("pk IN ['b', 'a'] ORDER BY pk DESC, sk DESC", [B, *A[::-1]]),
        ("pk = 'b' OR pk = 'a' ORDER BY pk", [*A, B]),
        ("(pk = 'b' OR pk = 'a') AND kind = 'x' ORDER BY pk", [A[0], A[2], B]),
        ("pk = 'a' AND kind = 'y'", A[1:2]),
        ("pk = 'a' AND NOT kind = 'y'", [A[0], A[2]]),
        ("pk = 'a' AND m.half = 0.5", A[:1]),
        ("pk = 'a' AND m.l[0] = 10", A[2:]),
        ("pk = 'a' AND contains(m.l, 2)", A[1:2]),
        ("pk = 'a' AND size(kind) = 1 AND begins_with(kind, 'y')", A[1:2]),
        ("pk = 'a' AND attribute_type(m, 'M') AND attribute_type(kind, 'N')", []),
        ("pk = 'a' AND sk = m.l[0] AND sk NOT BETWEEN 2 AND 5", [A[0], A[2]]),
        ("pk = 'a' AND sk NOT IN [1]", A[1:]),
        ("kind IS MISSING", [C]),
        ("kind IS NOT MISSING AND pk <> 'a'", [B]),
        ("kind IS NULL", []),
        ("kind = 'y' OR sk = 5 AND pk = 'c'", [A[1], C]),
        ("pk = 'nobody'", []),
    ],
)
def test_a_select_finds_what_it_describes(run, where, found):
    shown = keys(run(f"SELECT * FROM Tab WHERE {where}"))
    assert (shown if "ORDER" in where or "pk = 'a'" in where else sorted(shown)) == found


@pytest.mark.usefixtures("filled")
def test_a_select_without_where_reads_all(run):
    assert sorted(keys(run('SELECT * FROM "Tab";'))) == sorted([*A, B, C])


@pytest.mark.usefixtures("filled")
def test_columns_are_paths_and_called_by_their_ends(run):
    shown = run("SELECT pk, m.half, m.l[1], absent FROM Tab WHERE pk = 'a' AND sk = 10")
    assert shown == [{"pk": "a", "half": 5, "l[1]": "a"}]


@pytest.mark.usefixtures("filled")
def test_parameters_stand_for_values_and_lists(run):
    assert keys(run("SELECT * FROM Tab WHERE pk = ? AND sk >= ?", "a", 2)) == A[1:]
    assert sorted(keys(run("SELECT * FROM Tab WHERE pk IN ?", ["b", "c"]))) == [B, C]
    assert keys(run("SELECT * FROM Tab WHERE pk = 'a' AND sk IN (?, ?)", 1, 2)) == A[:2]
    assert keys(run("SELECT * FROM Tab WHERE pk = 'a' AND m = ?", {"half": 1, "l": [2, "a"]})) == A[1:2]


@pytest.mark.usefixtures("filled")
def test_an_index_is_read_by_its_own_key(run):
    assert keys(run('SELECT * FROM "Tab"."by-kind" WHERE kind = \'x\' AND sk > 1')) == [A[2]]
    assert run('SELECT * FROM "Tab"."by-kind" WHERE kind = \'y\'') == [{"pk": "a", "sk": 2, "kind": "y"}]
    assert sorted(keys(run('SELECT * FROM "Tab"."by-kind"'))) == sorted([*A, B])
    words = "One or more parameter values were invalid: Global secondary index by-kind does not project [m]"
    assert invalid(run, 'SELECT m.l FROM "Tab"."by-kind" WHERE kind = \'x\'') == words
    assert invalid(run, 'SELECT * FROM "Tab"."none"') == "The table does not have the specified index: none"
    assert invalid(run, 'SELECT * FROM "Tab"."by-kind"', ConsistentRead=True) == (
        "Consistent reads are not supported on global secondary indexes"
    )


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "statement",
    ["SELECT * FROM Tab", "SELECT * FROM Tab WHERE pk IN ['a', 'b', 'c'] AND kind = 'x'", "SELECT pk, sk FROM Tab",
     'SELECT * FROM "Tab"."by-kind"', "SELECT * FROM Tab WHERE pk = 'a' ORDER BY sk DESC",
     'SELECT * FROM "Tab"."by-kind" WHERE kind = \'x\' ORDER BY sk DESC'],
)  # fmt: skip
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_hold_all_together(dynamodb, run, statement, limit):
    found, more = [], {}
    for _ in range(12):
        page = dynamodb.execute_statement(Statement=statement, Limit=limit, **more)
        found += plain(page["Items"])
        assert len(page["Items"]) <= limit
        if "NextToken" not in page:
            break
        assert page["LastEvaluatedKey"].keys() >= {"pk", "sk"}
        more = {"NextToken": page["NextToken"]}
    assert found == run(statement) != []


@pytest.mark.usefixtures("filled")
def test_a_token_is_of_its_statement(dynamodb, run):
    token = dynamodb.execute_statement(Statement="SELECT * FROM Tab", Limit=1)["NextToken"]
    assert invalid(run, "SELECT pk FROM Tab", NextToken=token) == "NextToken does not match request"
    assert invalid(run, "SELECT * FROM Tab", NextToken="me") == "Invalid NextToken"


def test_a_page_ends_with_a_megabyte(dynamodb, run):
    for sk in range(4):
        inserted(run, {"pk": "a", "sk": sk, "text": "x" * 300_000})
    first = dynamodb.execute_statement(Statement="SELECT sk FROM Tab WHERE pk = 'a'")
    assert [item["sk"]["N"] for item in first["Items"]] == ["0", "1", "2", "3"][: len(first["Items"])] != []
    second = dynamodb.execute_statement(Statement="SELECT sk FROM Tab WHERE pk = 'a'", NextToken=first["NextToken"])
    assert len(first["Items"]) + len(second["Items"]) == 4
    assert "NextToken" not in second


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (" ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause."),
        (
            " WHERE sk = 1 ORDER BY sk",
            "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
        ),
        (" WHERE pk = 'a' ORDER BY n", "Attribute n in ORDER BY clause must be part of the primary key"),
        (
            " WHERE pk = 1",
            "Key attribute's data type should match its data type in table's schema: Key pk",
        ),
        (
            " WHERE pk = 'a' AND sk > 'x'",
            "Key attribute's data type should match its data type in table's schema: Key sk",
        ),
    ],
)
def test_selects_that_cannot_be_are_refused(run, rest, message):
    assert invalid(run, "SELECT * FROM Tab" + rest) == message


# INSERT


def test_an_insert_takes_values_of_all_types(run, one):
    assert run(
        """INSERT INTO "Tab" VALUE {'pk': 'a', 'sk': 1, 'text': 'it''s', 'truth': true, 'nothing': null,
           'list': [1, 'x', [2.50]], 'map': {'in side': {'deep': -1e3}}, 'names': <<'x', 'y'>>, 'numbers': <<1, 2>>,
           'given': ?, 'half': [?, 'b']}""",
        {"k": b"v"}, None,
    ) == []  # fmt: skip
    found = one()
    assert found.pop("given")["k"].value == b"v"
    assert found == {
        "pk": "a", "sk": 1, "text": "it's", "truth": True, "nothing": None, "list": [1, "x", [Decimal("2.5")]],
        "map": {"in side": {"deep": -1000}}, "names": {"x", "y"}, "numbers": {1, 2}, "half": [None, "b"],
    }  # fmt: skip


def test_an_insert_never_replaces(run, one, dynamodb):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 'n': 1}")
    again = "INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 'n': 2}"
    assert refusal(run, again) == ("DuplicateItemException", "Duplicate primary key exists in table")
    assert one()["n"] == 1


def test_an_insert_needs_the_key_of_the_table(run):
    assert invalid(run, "INSERT INTO Tab VALUE {'pk': 'a'}") == "Key attribute should be present in the item: Key sk"
    assert invalid(run, "INSERT INTO Tab VALUE {'pk': 1, 'sk': 1}") == (
        "Key attribute's data type should match its data type in table's schema: Key pk"
    )
    assert "cannot contain an empty string value" in invalid(run, "INSERT INTO Tab VALUE {'pk': '', 'sk': 1}")
    assert refusal(run, "INSERT INTO None VALUE {'pk': 'a'}") == (
        "ResourceNotFoundException", "Requested resource not found"
    )  # fmt: skip


# UPDATE


def test_an_update_sets_removes_and_computes(run, one):
    run(
        "INSERT INTO Tab VALUE ?".replace(
            "?", "{'pk': 'a', 'sk': 1, 'n': 5, 'l': [1], 'm': {'x': 1, 'y': 2}, 'old': 1}"
        )
    )
    run(
        """UPDATE Tab SET n = n + 2, l = list_append(l, ?) SET m.x = n - 1 SET "new" = 'it' REMOVE old, m.y
           WHERE pk = 'a' AND sk = 1""",
        [2, 3],
    )  # fmt: skip
    assert one() == {"pk": "a", "sk": 1, "n": 7, "l": [1, 2, 3], "m": {"x": 4}, "new": "it"}
    run("UPDATE Tab SET l[1] = 'two' REMOVE l[0] WHERE sk = 1 AND 'a' = pk")
    assert one()["l"] == ["two", 3]


def test_an_update_changes_sets(run, one):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 's': <<'x', 'y'>>, 'n': <<1>>}")
    run("UPDATE Tab SET s = set_delete(s, <<'x'>>) SET n = SET_ADD(n, ?) WHERE pk = 'a' AND sk = 1", {2, 3})
    assert one() == {"pk": "a", "sk": 1, "s": {"y"}, "n": {1, 2, 3}}


@pytest.mark.parametrize(
    "change", ["set_add(other, <<1>>)", "set_add(s, 1)", "set_delete(s, other)", "set_add(s, [1])"]
)
def test_only_sets_change_as_sets(run, one, change):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 's': <<1>>}")
    assert "argument to SET_" in invalid(run, f"UPDATE Tab SET s = {change} WHERE pk = 'a' AND sk = 1")
    assert one()["s"] == {1}


def test_an_update_needs_an_item_and_what_it_asks_of_it(run, one, dynamodb):
    update = "UPDATE Tab SET n = 2 WHERE pk = 'a' AND sk = 1"
    failed = ("ConditionalCheckFailedException", "The conditional request failed")
    assert refusal(run, update) == failed
    assert one() is None
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 'n': 1}")
    assert refusal(run, update + " AND n = 7") == failed
    run(update + " AND n = 1")
    assert one()["n"] == 2

    with pytest.raises(ClientError) as refused:
        dynamodb.execute_statement(Statement=update + " AND n = 7", ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert plain([refused.value.response["Item"]]) == [{"pk": "a", "sk": 1, "n": 2}]


@pytest.mark.parametrize(
    ("returning", "shown"),
    [
        ("ALL OLD *", [{"pk": "a", "sk": 1, "m": {"x": 1, "y": 1}}]),
        ("ALL NEW *", [{"pk": "a", "sk": 1, "m": {"x": 2, "y": 1}}]),
        ("MODIFIED OLD *", [{"m": {"x": 1}}]),
        ("MODIFIED NEW *", [{"m": {"x": 2}}]),
    ],
)
def test_an_update_returns_what_is_asked_for(run, returning, shown):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 'm': {'x': 1, 'y': 1}}")
    assert run(f"UPDATE Tab SET m.x = 2 WHERE pk = 'a' AND sk = 1 RETURNING {returning}") == shown


def test_nothing_modified_is_no_row(run):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 'n': 1}")
    assert run("UPDATE Tab SET other = 1 WHERE pk = 'a' AND sk = 1 RETURNING MODIFIED OLD *") == []
    assert run("UPDATE Tab REMOVE n WHERE pk = 'a' AND sk = 1 RETURNING MODIFIED NEW *") == []


@pytest.mark.parametrize("statement", ["UPDATE Tab SET n = 1", "UPDATE Tab SET n = 1 WHERE pk = 'a'", "DELETE FROM Tab",
                                       "UPDATE Tab SET n = 1 WHERE pk = 'a' AND sk > 1", "DELETE FROM Tab WHERE sk = 1",
                                       "DELETE FROM Tab WHERE pk = 'a' OR sk = 1"])  # fmt: skip
def test_a_write_names_one_item(run, statement):
    assert invalid(run, statement) == NO_KEY


def test_a_key_cannot_be_updated(run):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1}")
    assert invalid(run, "UPDATE Tab SET sk = 2 WHERE pk = 'a' AND sk = 1") == (
        "One or more parameter values were invalid: Cannot update attribute sk. This attribute is part of the key"
    )
    assert invalid(run, "DELETE FROM Tab WHERE pk = 1 AND sk = 1") == (
        "Key attribute's data type should match its data type in table's schema: Key pk"
    )


# DELETE


def test_a_delete_takes_the_item_away(run, one):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 'n': 1}")
    delete = "DELETE FROM Tab WHERE pk = 'a' AND sk = 1"
    assert refusal(run, delete + " AND n = 2")[0] == "ConditionalCheckFailedException"
    assert run(delete + " RETURNING ALL OLD *") == [{"pk": "a", "sk": 1, "n": 1}]
    assert one() is None
    assert run(delete + " RETURNING ALL OLD *") == run(delete + " AND n = 2") == []
    assert refusal(run, delete + " RETURNING ALL NEW *")[0] == "ValidationException"


# Statements that cannot be


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("SELEKT * FROM Tab", MALFORMED + "Expected data manipulation"),
        ("SELECT key FROM Tab", MALFORMED + "Unexpected keyword"),
        ("SELECT * FROM my-table", "Unexpected from source at 1:17:1"),
        ("SELECT * Tab", MALFORMED + "Expected FROM after SELECT list"),
        ("SELECT * FROM Tab WHERE pk = 'a' pk", MALFORMED + "Unexpected token after expression"),
        ("SELECT * FROM Tab WHERE pk = ?", "Number of parameters in request and statement don't match."),
    ],
)
def test_statements_that_cannot_be_are_refused(run, statement, message):
    assert invalid(run, statement) == message


@pytest.mark.parametrize(
    "statement",
    [
        "", " ", "'", '"', "é", "-", "1e99999999", "x" * 9000, "SELECT * FROM", "SELECT * FROM Tab WHERE a = 'x",
        "SELECT * FROM Tab WHERE " + "(" * 5000, "SELECT * FROM Tab WHERE NOT " + "NOT " * 1500 + "a = 1",
        "SELECT * FROM Tab WHERE a IN ()", "SELECT * FROM Tab WHERE size(a, b) = 1", "SELECT a[99999999999] FROM Tab",
        "SELECT a[x] FROM Tab", "SELECT * FROM Tab WHERE a BETWEEN 1", "SELECT DISTINCT a FROM Tab",
        "SELECT * FROM Tab WHERE 1 IS MISSING", "EXISTS(SELECT * FROM Tab", "DELETE FROM Tab RETURNING",
        "INSERT INTO Tab VALUE {'a': }", "INSERT INTO Tab VALUE {'a': " + "[" * 4000, "INSERT INTO Tab VALUE 1e999",
        "INSERT INTO Tab VALUE {'a': <<>>}", "INSERT INTO Tab VALUE {'a': <<1, 'x'>>}", "INSERT INTO Tab VALUE {a: 1}",
        "UPDATE Tab", "UPDATE Tab SET", "UPDATE Tab SET a = WHERE", "UPDATE Tab SET a = 1 RETURNING SOME OLD *",
        "UPDATE Tab SET a = 1" + "+1" * 4000,
    ],
)  # fmt: skip
def test_the_parser_refuses_in_words(statement):
    with pytest.raises(ValidationException):
        parser.parse(statement)


# Batches


def test_a_batch_does_what_it_can(dynamodb, run):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1}")
    done = dynamodb.batch_execute_statement(
        Statements=[
            {"Statement": "INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1}"},
            {"Statement": "INSERT INTO Tab VALUE {'pk': 'a', 'sk': ?}", "Parameters": wired(2)},
            {"Statement": "UPDATE Tab SET n = 1 WHERE pk = 'a' AND sk = 2 RETURNING ALL NEW *"},
            {"Statement": "UPDATE Tab SET n = 1 WHERE pk = 'a' AND sk = 9"},
            {"Statement": "DELETE FROM Nothing WHERE pk = 'a'"},
            {"Statement": "DELETE FROM Tab WHERE pk = 'a'"},
        ]
    )["Responses"]
    assert done == [
        {"TableName": "Tab", "Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}},
        {"TableName": "Tab"},
        {"TableName": "Tab", "Item": {"pk": {"S": "a"}, "sk": {"N": "2"}, "n": {"N": "1"}}},
        {"TableName": "Tab", "Error": {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}},
        {"TableName": "Nothing", "Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}},
        {"TableName": "Tab", "Error": {"Code": "ValidationError", "Message": NO_KEY}},
    ]


def test_a_batch_reads_single_items(dynamodb, run):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 'n': 1}")
    read = dynamodb.batch_execute_statement(
        Statements=[
            {"Statement": "SELECT n FROM Tab WHERE pk = 'a' AND sk = 1"},
            {"Statement": "SELECT * FROM Tab WHERE pk = 'a' AND sk = 2"},
            {"Statement": "SELECT * FROM Tab WHERE pk = 'a'"},
        ]
    )["Responses"]
    assert read[:2] == [{"TableName": "Tab", "Item": {"n": {"N": "1"}}}, {"TableName": "Tab"}]
    assert read[2]["Error"] == {
        "Code": "ValidationError",
        "Message": "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
    }
    mixed = [{"Statement": "SELECT * FROM Tab WHERE pk = 'a' AND sk = 1"},
             {"Statement": "DELETE FROM Tab WHERE pk = 'a' AND sk = 1"}]  # fmt: skip
    assert refusal(dynamodb.batch_execute_statement, Statements=mixed)[0] == "ValidationException"
    many = [{"Statement": "SELECT * FROM Tab WHERE pk = 'a' AND sk = 1"}] * 26
    assert "Member must have length less than or equal to 25" in invalid(
        dynamodb.batch_execute_statement, Statements=many
    )


# Transactions


def statements(*texts: str) -> list[dict[str, str]]:
    return [{"Statement": text} for text in texts]


def test_a_transaction_writes_all_or_nothing(dynamodb, run, one):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 'n': 1}")
    done = dynamodb.execute_transaction(
        TransactStatements=statements(
            "EXISTS(SELECT * FROM Tab WHERE pk = 'a' AND sk = 1 AND n = 1 AND other IS MISSING)",
            "INSERT INTO Tab VALUE {'pk': 'a', 'sk': 2}",
            "DELETE FROM Tab WHERE pk = 'a' AND sk = 9",
        )
    )
    assert done["Responses"] == []
    assert one(2) == {"pk": "a", "sk": 2}

    with pytest.raises(ClientError) as refused:
        dynamodb.execute_transaction(
            TransactStatements=statements(
                "INSERT INTO Tab VALUE {'pk': 'a', 'sk': 3}",
                "INSERT INTO Tab VALUE {'pk': 'a', 'sk': 2}",
                "EXISTS(SELECT * FROM Tab WHERE pk = 'a' AND sk = 1 AND n = 2)",
            )
        )
    assert [each["Code"] for each in refused.value.response["CancellationReasons"]] == [
        "None", "DuplicateItem", "ConditionalCheckFailed"
    ]  # fmt: skip
    assert one(3) is None


def test_a_transaction_reads_items_of_one_instant(dynamodb, run):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 'm': {'x': [5]}}")
    read = dynamodb.execute_transaction(
        TransactStatements=statements(
            "SELECT m.x[0] FROM Tab WHERE pk = 'a' AND sk = 1", "SELECT * FROM Tab WHERE pk = 'a' AND sk = 2"
        )
    )
    assert read["Responses"] == [{"Item": {"x[0]": {"N": "5"}}}, {}]


def test_a_transaction_reads_by_keys_alone(dynamodb):
    def read(rest: str) -> str:
        texts = statements("SELECT * FROM Tab WHERE pk = 'a' AND sk = 1", "SELECT * FROM " + rest)
        return invalid(dynamodb.execute_transaction, TransactStatements=texts)

    where = "Validation failed in TransactStatements[1]: "
    no_key = where + "Select statements within ExecuteTransaction must specify the primary key in the where clause."
    assert read("Tab WHERE pk = 'a'") == read("Tab") == no_key
    assert read("Tab WHERE pk = 'a' AND sk = 2 AND n = 1") == no_key
    assert read('"Tab"."by-kind" WHERE kind = \'x\' AND sk = 1') == (
        where + "Reads on indices are not supported within transactions."
    )


def test_a_transaction_reads_or_writes(dynamodb, run):
    select, delete = "SELECT * FROM Tab WHERE pk = 'a' AND sk = 1", "DELETE FROM Tab WHERE pk = 'a' AND sk = 1"
    for texts in ((select, delete), (delete + " RETURNING ALL OLD *",), (delete, delete)):
        assert refusal(dynamodb.execute_transaction, TransactStatements=statements(*texts))[0] == "ValidationException"
    assert refusal(run, f"EXISTS({select})")[0] == "ValidationException"


def test_a_transaction_of_statements_may_be_repeated(dynamodb, run, one):
    run("INSERT INTO Tab VALUE {'pk': 'a', 'sk': 1, 'n': 1}")
    request = {
        "TransactStatements": statements("UPDATE Tab SET n = n + 1 WHERE pk = 'a' AND sk = 1"),
        "ClientRequestToken": "once",
    }
    dynamodb.execute_transaction(**request)
    dynamodb.execute_transaction(**request)
    assert one()["n"] == 2


def test_keys_that_do_not_fit_cancel_and_are_all_told(dynamodb):
    with pytest.raises(ClientError) as refused:
        dynamodb.execute_transaction(
            TransactStatements=statements(
                "INSERT INTO Tab VALUE {'pk': 1, 'sk': 3}", "INSERT INTO Tab VALUE {'pk': 'a', 'sk': 2}",
                "DELETE FROM Tab WHERE pk = 1 AND sk = 1",
            )
        )  # fmt: skip
    codes = [each["Code"] for each in refused.value.response["CancellationReasons"]]
    assert codes == ["ValidationError", "None", "ValidationError"]


# What it costs


@pytest.mark.spec("data:DDB-18")
@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("statement", "units"),
    [
        ("SELECT * FROM Tab", 0.5),
        ("INSERT INTO Tab VALUE {'pk': 'z', 'sk': 1}", 1.0),
        ("INSERT INTO Tab VALUE {'pk': 'z', 'sk': 1, 'kind': 'x'}", 2.0),
        ("UPDATE Tab REMOVE kind WHERE pk = 'a' AND sk = 1", 2.0),
        ("DELETE FROM Tab WHERE pk = 'nobody' AND sk = 1", 1.0),
    ],
)
def test_statements_tell_what_they_consume(dynamodb, statement, units):
    told = dynamodb.execute_statement(Statement=statement, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert told == {"TableName": "Tab", "CapacityUnits": units}
    consistent = dynamodb.execute_statement(
        Statement="SELECT * FROM Tab WHERE pk = 'a'", ConsistentRead=True, ReturnConsumedCapacity="TOTAL"
    )
    assert consistent["ConsumedCapacity"] == {"TableName": "Tab", "CapacityUnits": 1.0}


@pytest.mark.usefixtures("filled")
def test_batches_and_transactions_tell_what_they_consume(dynamodb):
    select = statements("SELECT * FROM Tab WHERE pk = 'a' AND sk = 1", "SELECT * FROM Tab WHERE pk = 'a' AND sk = 2")
    batch = dynamodb.batch_execute_statement(Statements=select, ReturnConsumedCapacity="TOTAL")
    assert batch["ConsumedCapacity"] == [{"TableName": "Tab", "CapacityUnits": 0.5}] * 2
    whole = dynamodb.execute_transaction(TransactStatements=select, ReturnConsumedCapacity="TOTAL")
    assert whole["ConsumedCapacity"] == [{"TableName": "Tab", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]


# Whatever way is taken, the same is found


CHANCE_SEED = "partiql"


def condition(chance: random.Random, depth: int = 0) -> str:
    if depth < 3 and chance.random() < 0.45:
        joint = chance.choice((" AND ", " OR ", " AND "))
        return "(" + joint.join(condition(chance, depth + 1) for _ in range(chance.randint(2, 3))) + ")"
    number, letter = chance.choice("1235"), chance.choice("abcx")
    return chance.choice(
        (
            f"pk = '{letter}'", f"'{letter}' = pk", f"pk IN ['a', '{letter}']", f"sk > {number}", f"{number} >= sk",
            f"sk BETWEEN {number} AND 5", f"sk = {number}", f"sk <> {number}", f"kind = '{letter}'", "kind IS MISSING",
            f"NOT sk = {number}", f"m.half < {number}", f"contains(m.l, {number})", f"sk IN ({number}, 10)",
        )
    )  # fmt: skip


@pytest.mark.usefixtures("filled")
def test_a_query_finds_what_a_scan_finds(run):
    """Behind NOT NOT no key is seen, so that statement scans; the other takes whatever way it can."""
    chance = random.Random(CHANCE_SEED)
    for _ in range(150):
        where = " AND ".join(condition(chance) for _ in range(chance.randint(1, 3)))
        found = sorted(keys(run(f"SELECT * FROM Tab WHERE {where}")))
        assert found == sorted(keys(run(f"SELECT * FROM Tab WHERE NOT (NOT ({where}))"))), (CHANCE_SEED, where)


def test_the_parser_raises_nothing_else():
    chance = random.Random(CHANCE_SEED)
    every = [
        "SELECT",
        "*",
        "FROM",
        "T",
        "WHERE",
        "a",
        "=",
        "?",
        "'x'",
        "1",
        "AND",
        "OR",
        "NOT",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "<<",
        ">>",
        ",",
        ".",
        ":",
        "IN",
        "BETWEEN",
        "IS",
        "MISSING",
        "NULL",
        "INSERT",
        "INTO",
        "VALUE",
        "UPDATE",
        "SET",
        "REMOVE",
        "DELETE",
        "RETURNING",
        "ALL",
        "OLD",
        "EXISTS",
        "size",
        "-",
        "+",
        "1e5",
        '"q"',
        "null",
        ";",
    ]
    begins = (
        "SELECT * FROM T WHERE a = ? AND b IN [ 1 , 2 ] ORDER BY a DESC",
        "INSERT INTO T VALUE { 'k' : << 1 , ? >> }",
        "UPDATE T SET a = a + 1 REMOVE b . c WHERE a = 1 RETURNING ALL OLD *",
        "EXISTS ( SELECT * FROM T )",
    )
    for _ in range(3000):
        tokens = chance.choice(begins).split()
        for _ in range(chance.randint(1, 5)):
            tokens[chance.randrange(len(tokens))] = chance.choice(every)
        with contextlib.suppress(ValidationException):
            parser.parse(" ".join(tokens))
