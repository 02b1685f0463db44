"""The SELECT statement of S3 Select, by recursive descent.

Every list and chain of operators is read by a loop, so that only parentheses, functions and prefixes nest, and
those at most MAXIMUM_DEPTH deep. Source: SQL Reference for S3 Select, SELECT command and Operators.
"""

from __future__ import annotations

from . import errors, keywords
from .lexer import END, LITERAL, NAME, SYMBOL, WORD, Token, tokens
from .syntax import (
    Aggregate,
    Call,
    Case,
    Chain,
    Column,
    Expression,
    Items,
    Literal,
    Name,
    Path,
    Query,
    Step,
    Wildcard,
)

MAXIMUM_LENGTH = 256 * 1024
"""Bytes of an expression (S3 guide, requirements and limits)."""
MAXIMUM_DEPTH = 40
"""Levels of nesting; AWS names no number, our stack has one."""

_COMPARISONS = ("=", "<>", "!=", "<", ">", "<=", ">=")
_CHAINS = (("+", "-"), ("*", "/", "%"))
_CONSTANTS: dict[str, object] = {"true": True, "false": False, "null": None}


def parse(expression: str) -> Query:
    """The query an expression says. Raises ExpressionTooLong and the Lexer, Parse and Unsupported errors."""
    if len(expression) > MAXIMUM_LENGTH or len(expression.encode("utf-8", "replace")) > MAXIMUM_LENGTH:
        raise errors.ExpressionTooLong
    return _Parser(tokens(expression)).query()


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens, self._index, self._depth = found, 0, 0

    # ---- tokens

    @property
    def _next(self) -> Token:
        return self._tokens[self._index]

    def _peek(self, ahead: int = 1) -> Token:
        return self._tokens[min(self._index + ahead, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._next
        if token.kind is not END:
            self._index += 1
        return token

    def _take_word(self, word: str) -> bool:
        if self._next.word != word:
            return False
        self._index += 1
        return True

    def _take_symbol(self, *symbols: str) -> str | None:
        return str(self._take().value) if self._next.is_symbol(*symbols) else None

    def _need_word(self, word: str) -> None:
        if not self._take_word(word):
            raise errors.ParseExpectedKeyword(f"Expected {word.upper()}, found {self._next}.")

    def _need_symbol(self, symbol: str, error: type[errors.SelectError] = errors.ParseUnexpectedToken) -> None:
        if not self._take_symbol(symbol):
            raise error(f"Expected {symbol!r}, found {self._next}.")

    # ---- the statement

    def query(self) -> Query:
        if not self._take_word("select"):
            raise errors.ParseUnexpectedToken(f"Expected SELECT, found {self._next}.")
        columns = self._columns()
        if not self._take_word("from"):
            raise errors.ParseSelectMissingFrom
        path = self._source()
        alias = self._alias()
        if self._next.is_symbol(","):
            raise errors.MultipleDataSourcesUnsupported
        where = self._expression() if self._take_word("where") else None
        limit = self._limit() if self._take_word("limit") else None
        self._take_symbol(";")
        if self._next.kind is not END:
            raise errors.ParseUnexpectedToken(f"Unexpected {self._next}.")
        return Query(columns, path, alias, where, limit)

    def _columns(self) -> tuple[Column, ...] | None:
        if self._next.word == "from" or self._next.kind is END:
            raise errors.ParseEmptySelect
        if self._next.word == "distinct":
            raise errors.ParseUnsupportedSelect("SELECT DISTINCT is not supported.")
        if self._take_symbol("*"):
            if self._next.is_symbol(","):
                raise errors.ParseAsteriskIsNotAloneInSelectList
            return None
        columns = [self._column()]
        while self._take_symbol(","):
            columns.append(self._column())
        return self._whole_row(columns)

    def _whole_row(self, columns: list[Column]) -> tuple[Column, ...] | None:
        """`SELECT s.*` means `SELECT *`; elsewhere a wildcard picks no single value."""
        for column in columns:
            steps = column.expression.steps if isinstance(column.expression, Path) else ()
            if any(isinstance(step, Wildcard) for step in steps):
                if len(columns) == 1 and steps == (Wildcard(of_list=False),):
                    return None
                raise errors.ParseInvalidContextForWildcardInSelectList
        return tuple(columns)

    def _column(self) -> Column:
        if self._next.is_symbol("*"):
            raise errors.ParseAsteriskIsNotAloneInSelectList
        expression = self._expression()
        alias = self._alias()
        return Column(expression, alias.text if alias else None)

    def _alias(self) -> Name | None:
        if self._take_word("as"):
            if not self._is_name():
                raise errors.ParseExpectedIdentForAlias(f"Expected an alias, found {self._next}.")
            return self._name()
        return self._name() if self._is_name() else None

    def _source(self) -> tuple[Step, ...]:
        if self._next.is_symbol("("):
            raise errors.ParseUnsupportedSelect("Subqueries are not supported.")
        table = self._name()
        if table.text.lower() != "s3object":
            raise errors.EvaluatorBindingDoesNotExist(f"FROM names {table.text[:100]!r}; it must be S3Object.")
        steps = self._steps(wildcards=True)
        if steps and steps[0] != Wildcard(of_list=True):
            raise errors.InvalidKeyPath("A path in FROM must begin with S3Object[*].")
        return steps[1:]

    def _limit(self) -> int:
        negative = self._take_symbol("-")
        number = self._take()
        if number.kind is not LITERAL or type(number.value) is not int:
            raise errors.ParseExpectedNumber(f"LIMIT expects a number, found {number}.")
        if negative and number.value:
            raise errors.EvaluatorNegativeLimit
        return number.value

    # ---- names and paths

    def _is_name(self) -> bool:
        token = self._next
        return token.kind is NAME or (token.kind is WORD and token.word not in keywords.RESERVED)

    def _name(self) -> Name:
        token = self._take()
        if token.kind is NAME:
            return Name(str(token.value), quoted=True)
        if token.kind is WORD and token.word not in keywords.RESERVED:
            return Name(str(token.value))
        if token.kind is WORD:
            raise errors.ParseUnexpectedKeyword(f"Unexpected keyword {token}.")
        raise errors.ParseUnexpectedToken(f"Expected a name, found {token}.")

    def _steps(self, *, wildcards: bool) -> tuple[Step, ...]:
        steps: list[Step] = []
        while symbol := self._take_symbol(".", "["):
            if symbol == "[":
                steps.append(self._index_step(wildcards=wildcards))
            elif self._take_symbol("*"):
                steps.append(Wildcard(of_list=False))
            else:
                steps.append(self._name())
        if len(steps) > 100:
            raise errors.InvalidKeyPath("A path has at most 100 steps.")
        return tuple(steps)

    def _index_step(self, *, wildcards: bool) -> Step:
        token = self._take()
        step: Step
        if token.is_symbol("*") and wildcards:
            step = Wildcard(of_list=True)
        elif token.kind is LITERAL and isinstance(token.value, str):
            step = Name(token.value, quoted=True)
        elif token.kind is LITERAL and type(token.value) is int:
            step = token.value
        else:
            raise errors.InvalidKeyPath(f"Expected an index or a name in brackets, found {token}.")
        self._need_symbol("]")
        return step

    # ---- expressions, loosest first

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > MAXIMUM_DEPTH:
            raise errors.ParseUnsupportedSyntax(f"Expressions nest at most {MAXIMUM_DEPTH} levels deep.")
        whole = self._logic("or")
        self._depth -= 1
        return whole

    def _logic(self, word: str) -> Expression:
        operand = self._conjunction if word == "or" else self._negation
        first = operand()
        rest = []
        while self._take_word(word):
            rest.append((word, operand()))
        return Chain(first, tuple(rest)) if rest else first

    def _conjunction(self) -> Expression:
        return self._logic("and")

    def _negation(self) -> Expression:
        count = 0
        while self._take_word("not"):
            count += 1
        operand = self._comparison()
        # NOT NOT x is x made boolean, so two remain of any even number and one of any odd one.
        for _ in range(0 if not count else 2 - count % 2):
            operand = Call("not", (operand,))
        return operand

    def _comparison(self) -> Expression:
        left, taken = self._arithmetic(0), 0
        while (longer := self._compared(left)) is not None:
            left, taken = longer, taken + 1
            if taken > MAXIMUM_DEPTH:
                raise errors.ParseUnsupportedSyntax("Too many comparisons in a row.")
        return left

    def _compared(self, left: Expression) -> Expression | None:
        """The comparison that goes on from `left`, or None when there is none."""
        if symbol := self._take_symbol(*_COMPARISONS):
            return Chain(left, ((symbol, self._arithmetic(0)),))
        if not self._next.word:
            return None
        if self._take_word("is"):
            return self._is(left)
        negated = self._next.word == "not" and self._peek().word in ("in", "like", "between")
        if negated:
            self._take()
        for word, rest in (("in", self._in), ("like", self._like), ("between", self._between)):
            if self._take_word(word):
                return Call("not", (rest(left),)) if negated else rest(left)
        return None

    def _is(self, left: Expression) -> Expression:
        negated = self._take_word("not")
        for kind in ("null", "missing", "true", "false"):
            if self._take_word(kind):
                test = Call("is", (left,), kind)
                return Call("not", (test,)) if negated else test
        raise errors.ParseExpectedTypeName(f"Expected NULL or MISSING, found {self._next}.")

    def _in(self, left: Expression) -> Expression:
        if self._next.is_symbol("("):
            self._take()
            return Call("in", (left, self._items(")")))
        return Call("in", (left, self._arithmetic(0)))

    def _like(self, left: Expression) -> Expression:
        pattern = self._arithmetic(0)
        escape = (self._arithmetic(0),) if self._take_word("escape") else ()
        return Call("like", (left, pattern, *escape))

    def _between(self, left: Expression) -> Expression:
        low = self._arithmetic(0)
        self._need_word("and")
        return Call("between", (left, low, self._arithmetic(0)))

    def _arithmetic(self, level: int) -> Expression:
        """`||` binds loosest, then sums, then products."""
        symbols = ("||", "+", "-") if level == 0 else _CHAINS[1]
        first = self._arithmetic(1) if level == 0 else self._signed()
        rest = []
        while symbol := self._take_symbol(*symbols):
            rest.append((symbol, self._arithmetic(1) if level == 0 else self._signed()))
        return Chain(first, tuple(rest)) if rest else first

    def _signed(self) -> Expression:
        signs = []
        while sign := self._take_symbol("-", "+"):
            signs.append(sign)
        operand = self._term()
        if not signs:
            return operand
        return Call("negate" if signs.count("-") % 2 else "plus", (operand,))

    # ---- terms

    def _term(self) -> Expression:
        token = self._next
        if token.kind is LITERAL:
            return Literal(self._take().value)
        if token.is_symbol("("):
            return self._parenthesised()
        if self._take_symbol("["):
            return self._items("]")
        if token.kind is WORD and (term := self._word_term(token.word)) is not None:
            return term
        if token.kind in (NAME, WORD):
            return Path(self._name(), self._steps(wildcards=True))
        if token.kind is SYMBOL:
            raise errors.ParseUnexpectedTerm(f"Unexpected {token}.")
        raise errors.ParseExpectedExpression(f"Expected an expression, found {token}.")

    def _parenthesised(self) -> Expression:
        self._take()
        if self._next.word == "select":
            raise errors.ParseUnsupportedSelect("Subqueries are not supported.")
        inner = self._expression()
        if self._next.is_symbol(","):
            return self._items(")", inner)
        self._need_symbol(")")
        return inner

    def _items(self, closing: str, *given: Expression) -> Items:
        items = list(given)
        if not items and not self._next.is_symbol(closing):
            items.append(self._expression())
        while self._take_symbol(","):
            items.append(self._expression())
        self._need_symbol(closing, errors.ParseExpectedArgumentDelimiter)
        return Items(tuple(items))

    def _word_term(self, word: str) -> Expression | None:
        """A constant, CASE or a call; None for a word that is a name."""
        if word in _CONSTANTS:
            self._take()
            return Literal(_CONSTANTS[word])
        if word == "missing":
            self._take()
            return Call("missing", ())
        if word == "case":
            self._take()
            return self._case()
        if not self._peek().is_symbol("("):
            return None
        self._index += 2
        return self._call(word)

    def _case(self) -> Expression:
        operand = None if self._next.word == "when" else self._expression()
        branches = []
        while self._take_word("when"):
            condition = self._expression()
            self._need_word("then")
            branches.append((condition, self._expression()))
        if not branches:
            raise errors.ParseExpectedWhenClause
        otherwise = self._expression() if self._take_word("else") else None
        self._need_word("end")
        return Case(operand, tuple(branches), otherwise)

    # ---- calls; the opening parenthesis is behind us

    def _call(self, function: str) -> Expression:
        if function in keywords.AGGREGATES:
            return self._aggregate(function)
        special = getattr(self, f"_call_{function}", None) if function in keywords.SPECIAL_FORMS else None
        if special is not None:
            call: Expression = special()
            return call
        arity = keywords.FUNCTIONS.get(function)
        if arity is None:
            raise errors.UnsupportedFunction(f"The function {function[:100].upper()} is not supported.")
        arguments = self._items(")").items
        if not arity[0] <= len(arguments) <= arity[1]:
            raise errors.EvaluatorInvalidArguments(f"{function.upper()} does not take {len(arguments)} arguments.")
        return Call(function, arguments)

    def _close(self) -> None:
        self._need_symbol(")", errors.ParseExpectedRightParenBuiltinFunctionCall)

    def _aggregate(self, function: str) -> Expression:
        if self._take_symbol("*"):
            if function != "count":
                raise errors.ParseUnsupportedCallWithStar
            self._close()
            return Aggregate(function, None)
        if self._next.word == "distinct" or self._next.word == "all":
            raise errors.ParseUnsupportedSyntax("Aggregates over DISTINCT values are not supported.")
        arguments = self._items(")").items
        if len(arguments) != 1:
            raise errors.ParseNonUnaryAgregateFunctionCall
        return Aggregate(function, arguments[0])

    def _call_cast(self) -> Expression:
        operand = self._expression()
        if not self._take_word("as"):
            raise errors.ParseCastArity
        token = self._take()
        kind = keywords.TYPES.get(token.word)
        if kind is None:
            raise errors.ParseExpectedTypeName(f"{token} is not a type that CAST knows.")
        if token.word == "double":
            self._take_word("precision")
        if self._take_symbol("("):
            self._type_parameters()
        self._close()
        return Call("cast", (operand,), kind)

    def _type_parameters(self) -> None:
        """Precision and scale are accepted and, as on AWS, ignored."""
        parameters = self._items(")").items
        if not 1 <= len(parameters) <= 2:
            raise errors.ParseInvalidTypeParam
        if not all(isinstance(p, Literal) and type(p.value) is int for p in parameters):
            raise errors.ParseInvalidTypeParam

    def _date_part(self, parts: tuple[str, ...]) -> str:
        token = self._take()
        if token.word not in parts:
            raise errors.ParseExpectedDatePart(f"Expected a date part, found {token}.")
        return token.word

    def _call_date_add(self) -> Expression:
        return self._dated("date_add")

    def _call_date_diff(self) -> Expression:
        return self._dated("date_diff")

    def _dated(self, function: str) -> Expression:
        part = self._date_part(keywords.DATE_PARTS)
        self._need_symbol(",", errors.ParseExpectedArgumentDelimiter)
        arguments = self._items(")").items
        if len(arguments) != 2:
            raise errors.EvaluatorInvalidArguments(f"{function.upper()} takes 3 arguments.")
        return Call(function, arguments, part)

    def _call_extract(self) -> Expression:
        part = self._date_part(keywords.EXTRACT_PARTS)
        self._need_word("from")
        operand = self._expression()
        self._close()
        return Call("extract", (operand,), part)

    def _call_substring(self) -> Expression:
        arguments = [self._expression()]
        words = self._take_word("from")
        if not words:
            self._need_symbol(",", errors.ParseExpectedArgumentDelimiter)
        arguments.append(self._expression())
        if self._take_word("for") if words else self._take_symbol(","):
            arguments.append(self._expression())
        self._close()
        return Call("substring", tuple(arguments))

    def _call_trim(self) -> Expression:
        side = next((side for side in ("leading", "trailing", "both") if self._take_word(side)), None)
        if side and self._take_word("from"):
            arguments: tuple[Expression, ...] = (self._expression(),)
        else:
            arguments = (self._expression(),)
            if self._take_word("from"):
                arguments = (self._expression(), arguments[0])
            elif side:
                raise errors.ParseExpectedKeyword(f"Expected FROM, found {self._next}.")
        self._close()
        return Call("trim", arguments, side or "both")
