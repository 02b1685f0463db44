"""PartiQL statements, by recursive descent.

Chains and lists are read by loops, so that only parentheses, NOT, and values in values nest, at most DEEPEST deep.
Source: DynamoDB Developer Guide, PartiQL reference."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cumulet.services.dynamodb.errors import ValidationException
from cumulet.services.dynamodb.partiql import literals
from cumulet.services.dynamodb.partiql.syntax import (
    Between,
    Call,
    Comparison,
    Condition,
    Delete,
    Every,
    Exists,
    Insert,
    Is,
    Literal,
    Not,
    Operand,
    Parameter,
    Path,
    Select,
    Some,
    Statement,
    Sum,
    Truth,
    Update,
    Within,
)
from cumulet.services.dynamodb.partiql.tokens import (
    END,
    KEYWORD,
    NAME,
    NUMBER,
    STRING,
    SYMBOL,
    Token,
    malformed,
    tokens,
)

DEEPEST = 32
_LONGEST, _LONGEST_KEPT = 8192, 1024
"""Longer ones are parsed anew, so that what is kept stays small."""
_LONGEST_SUM = 8
_COMPARISONS = frozenset(("=", "<>", "!=", "<", "<=", ">", ">="))
_TRUTHS = {"begins_with": 2, "contains": 2, "attribute_type": 2}
_FUNCTIONS = {"size": 1, "list_append": 2, "set_add": 2, "set_delete": 2, "if_not_exists": 2} | _TRUTHS
_CONSTANTS: dict[str, Literal] = {
    "true": Literal({"BOOL": True}), "false": Literal({"BOOL": False}), "null": Literal({"NULL": True})
}  # fmt: skip
_RETURNED = {("all", "old"): "ALL_OLD", ("all", "new"): "ALL_NEW", ("modified", "old"): "UPDATED_OLD",
             ("modified", "new"): "UPDATED_NEW"}  # fmt: skip


def parse(text: str) -> Statement:
    """The statement that a text is. Raises ValidationException."""
    if len(text) > _LONGEST:
        raise ValidationException(
            "1 validation error detected: Value at 'statement' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_LONGEST}"
        )
    return _parse(text) if len(text) <= _LONGEST_KEPT else _parse.__wrapped__(text)


@lru_cache(maxsize=512)
def _parse(text: str) -> Statement:
    return _Parser(text).statement()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._tokens, self._at, self._depth, self._parameters = text, tokens(text), 0, 0, 0

    # Tokens

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        if token.kind is not END:
            self._at += 1
        return token

    def _is(self, text: str, kind: str = KEYWORD) -> bool:
        token = self._next
        return token.kind is kind and token.text == text

    def _took(self, text: str, kind: str = KEYWORD) -> bool:
        if not self._is(text, kind):
            return False
        self._at += 1
        return True

    def _word(self, text: str) -> bool:
        """Whether the next token is this word, one that may also be a name; take it if so."""
        token = self._next
        if token.kind is not NAME or token.quoted or token.text.lower() != text:
            return False
        self._at += 1
        return True

    def _need(self, text: str, kind: str = SYMBOL) -> None:
        if not self._took(text, kind):
            raise self._unexpected(f"Expected {text.upper()}")

    def _unexpected(self, expected: str = "") -> ValidationException:
        token = self._next
        if expected:
            return malformed(expected)
        kinds = {KEYWORD: "Unexpected keyword", SYMBOL: "Unexpected operator", END: "Unexpected end of statement"}
        return malformed(kinds.get(token.kind, "Unexpected term"))

    def _nested(self, read: Callable[[], Any]) -> Any:
        self._depth += 1
        if self._depth > DEEPEST:
            raise malformed("Nesting levels have exceeded supported limits")
        found = read()
        self._depth -= 1
        return found

    # Statements

    def statement(self) -> Statement:
        for word, read in (
            ("select", self._select), ("insert", self._insert), ("update", self._update), ("delete", self._delete),
            ("exists", self._exists),
        ):  # fmt: skip
            if self._took(word):
                found = read()
                break
        else:
            raise malformed("Expected data manipulation")
        self._took(";", SYMBOL)
        if self._next.kind is not END:
            raise malformed("Unexpected token after expression")
        return found._replace(parameters=self._parameters)

    def _select(self) -> Select:
        if self._is("distinct"):
            raise ValidationException("Unsupported operation: SELECT DISTINCT")
        columns = None if self._took("*", SYMBOL) else tuple(self._listed(self._path))
        if not self._took("from"):
            raise malformed("Expected FROM after SELECT list")
        table, index = self._source()
        where = self._where()
        return Select(columns, table, index, where, self._order(), 0)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        if not self._took("order"):
            return ()
        self._need("by", KEYWORD)
        return tuple(self._listed(self._ordered))

    def _ordered(self) -> tuple[str, bool]:
        name = self._name()
        down = self._took("desc")
        if not down:
            self._took("asc")
        return name, down

    def _exists(self) -> Exists:
        self._need("(")
        self._need("select", KEYWORD)
        found = self._select()
        self._need(")")
        if found.index:
            raise ValidationException("Unsupported operation: EXISTS on an index")
        return Exists(found.table, found.where, 0)

    def _insert(self) -> Insert:
        self._need("into", KEYWORD)
        table = self._table()
        self._need("value", KEYWORD)
        return Insert(table, self._operand(), 0)

    def _update(self) -> Update:
        table = self._table()
        assignments: list[tuple[Path, Operand]] = []
        removals: list[Path] = []
        while True:
            if self._took("set"):
                assignments += self._listed(self._assignment)
            elif self._took("remove"):
                removals += self._listed(self._path)
            else:
                break
        if not assignments and not removals:
            raise self._unexpected("Expected SET or REMOVE")
        return Update(table, tuple(assignments), tuple(removals), self._where(), self._returning(), 0)

    def _assignment(self) -> tuple[Path, Operand]:
        path = self._path()
        self._need("=")
        return path, self._sum()

    def _delete(self) -> Delete:
        self._need("from", KEYWORD)
        return Delete(self._table(), self._where(), self._returning(), 0)

    def _returning(self) -> str:
        if not self._took("returning"):
            return ""
        words = self._take().text.lower(), self._take().text.lower()
        if words not in _RETURNED:
            raise malformed("Expected ALL OLD, ALL NEW, MODIFIED OLD or MODIFIED NEW")
        self._need("*")
        return _RETURNED[words]

    def _source(self) -> tuple[str, str]:
        table = self._table()
        return table, self._name() if self._took(".", SYMBOL) else ""

    def _table(self) -> str:
        name = self._name()
        if self._is("-", SYMBOL):  # a name with hyphens and without quotes is taken for a difference
            before = self._text[: self._next.start]
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            raise ValidationException(f"Unexpected from source at {line}:{column}:1")
        return name

    def _name(self) -> str:
        if self._next.kind is not NAME:
            raise self._unexpected()
        return self._take().text

    def _listed(self, read: Callable[[], Any]) -> list[Any]:
        found = [read()]
        while self._took(",", SYMBOL):
            found.append(read())
        return found

    # Conditions

    def _where(self) -> Condition | None:
        return self._condition() if self._took("where") else None

    def _condition(self) -> Condition:
        found = self._joined("or", lambda: self._joined("and", self._denied, Every), Some)
        return found

    def _joined(self, word: str, read: Callable[[], Any], joint: Callable[[tuple[Any, ...]], Any]) -> Any:
        found = [read()]
        while self._took(word):
            found.append(read())
        return joint(tuple(found)) if len(found) > 1 else found[0]

    def _denied(self) -> Condition:
        if self._took("not"):
            return Not(self._nested(self._denied))
        return self._predicate()

    def _predicate(self) -> Condition:
        if self._took("(", SYMBOL):
            found: Condition = self._nested(self._condition)
            self._need(")")
            return found
        operand = self._sum()
        if isinstance(operand, Call) and operand.name in _TRUTHS:
            return Truth(operand)
        token = self._next
        if token.kind is SYMBOL and token.text in _COMPARISONS:
            self._at += 1
            return Comparison("<>" if token.text == "!=" else token.text, operand, self._sum())
        if self._took("is"):
            return self._is_what(operand)
        denied = self._took("not")
        if self._took("between"):
            between = Between(operand, self._sum(), self._and())
            return Not(between) if denied else between
        if self._took("in"):
            within = Within(operand, self._choices())
            return Not(within) if denied else within
        raise self._unexpected()

    def _and(self) -> Operand:
        self._need("and", KEYWORD)
        return self._sum()

    def _is_what(self, operand: Operand) -> Condition:
        denied = self._took("not")
        if not isinstance(operand, Path):
            raise ValidationException("Unsupported operand of IS: it must be a path")
        for word in ("missing", "null"):
            if self._took(word):
                return Not(Is(operand, word)) if denied else Is(operand, word)
        raise self._unexpected("Expected NULL or MISSING")

    def _choices(self) -> tuple[Operand, ...] | Operand:
        """IN (1, 2) or IN [1, 2], or IN ? whose value is a list."""
        for opening, closing in ("()", "[]"):
            if self._took(opening, SYMBOL):
                found = tuple(self._listed(self._sum))
                self._need(closing)
                return found
        return self._operand()

    # Operands

    def _sum(self) -> Operand:
        found = self._operand()
        count = 1
        while self._next.kind is SYMBOL and self._next.text in ("+", "-"):
            found = Sum(self._take().text, found, self._operand())
            count += 1
            if count > _LONGEST_SUM:
                raise malformed("Too many operands")
        return found

    def _operand(self) -> Operand:
        token = self._next
        if token.kind is NAME or token.kind is KEYWORD:
            return self._named(token)
        self._at += token.kind is not END
        if token.kind is STRING:
            return Literal({"S": token.text})
        if token.kind is NUMBER:
            return literals.number(token.text)
        if token.kind is SYMBOL:
            return self._signed(token.text)
        raise self._unexpected()

    def _named(self, token: Token) -> Operand:
        function = token.text.lower()
        follower = self._tokens[self._at + 1]
        if function in _FUNCTIONS and not token.quoted and follower.kind is SYMBOL and follower.text == "(":
            return self._call(function)
        if token.kind is KEYWORD:
            if token.text in _CONSTANTS:
                self._at += 1
                return _CONSTANTS[token.text]
            raise self._unexpected()
        return self._path()

    def _call(self, function: str) -> Call:
        self._at += 2
        arguments = tuple(self._nested(lambda: self._listed(self._sum)))
        self._need(")")
        if len(arguments) != _FUNCTIONS[function]:
            raise ValidationException(
                f"Incorrect number of operands for operator or function; operator or function: {function}, "
                f"number of operands: {len(arguments)}"
            )
        return Call(function, arguments)

    def _signed(self, symbol: str) -> Operand:
        if symbol == "?":
            self._parameters += 1
            return Parameter(self._parameters - 1)
        if symbol in "+-" and self._next.kind is NUMBER:
            return literals.number(symbol.strip("+") + self._take().text)
        if symbol == "[":
            return literals.listed(self._members("]", self._operand))
        if symbol == "<<":
            return literals.gathered(self._members(">>", self._operand))
        if symbol == "{":
            return literals.mapped(self._members("}", self._pair))
        if symbol == "(":
            found: Operand = self._nested(self._sum)
            self._need(")")
            return found
        self._at -= 1
        raise self._unexpected()

    def _members(self, closing: str, read: Callable[[], Any]) -> tuple[Any, ...]:
        if self._took(closing, SYMBOL):
            return ()
        found = tuple(self._nested(lambda: self._listed(read)))
        self._need(closing)
        return found

    def _pair(self) -> tuple[str, Operand]:
        token = self._take()
        if token.kind is not STRING and not token.quoted:
            raise malformed("Expected a string for the name of an attribute")
        self._need(":")
        return token.text, self._operand()

    def _path(self) -> Path:
        steps: list[str | int] = [self._name()]
        while True:
            if self._took(".", SYMBOL):
                if self._next.kind is not NAME:
                    raise malformed("Invalid path dot component")
                steps.append(self._take().text)
            elif self._took("[", SYMBOL):
                steps.append(self._step())
                self._need("]")
            else:
                return Path(tuple(steps))

    def _step(self) -> str | int:
        token = self._take()
        if token.kind is STRING:
            return token.text
        if token.kind is not NUMBER or not token.text.isdigit() or len(token.text) > 9:
            raise malformed("Invalid path component")
        return int(token.text)
