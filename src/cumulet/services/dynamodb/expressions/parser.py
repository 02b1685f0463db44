"""The grammar of expressions.

Conditions are read with a stack of their own (what is open, and what waits for its right side), so that no depth of
parentheses that fits into an expression can exhaust Python's.

Source: DynamoDB Developer Guide, "Condition and filter expressions, operators, and functions", "Update expressions",
"Projection expressions", "Constraints"."""

from __future__ import annotations

from cumulet.services.dynamodb.expressions.syntax import (
    Action,
    All,
    Arithmetic,
    Between,
    Call,
    Comparison,
    Condition,
    Either,
    Given,
    In,
    Node,
    Not,
    Operand,
    Path,
)
from cumulet.services.dynamodb.expressions.tokens import Tokens

MOST_OPERATORS, MOST_OPTIONS, DEEPEST_PATH = 300, 100, 32
DEEPEST_CALL = 64
"""Of functions in functions: our own bound, for the sake of Python's stack. AWS has none but that on operators."""
LARGEST_INDEX = (1 << 31) - 1
_SIGNS = ("=", "<>", "<", "<=", ">", ">=")
_STRENGTH = {"OR": 1, "AND": 2, "NOT": 3}
_SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")


def condition(text: str, kind: str) -> Condition:
    """Raises ValidationException, as all here do."""
    parser = _Parser(Tokens(text, kind))
    found = parser.condition()
    parser.finish()
    return found


def projection(text: str, kind: str) -> list[Path]:
    parser = _Parser(Tokens(text, kind))
    paths = [parser.path()]
    while parser.tokens.accept(","):
        paths.append(parser.path())
    parser.finish()
    return paths


def update(text: str, kind: str) -> list[Action]:
    parser = _Parser(Tokens(text, kind))
    seen: set[str] = set()
    actions: list[Action] = []
    while section := parser.tokens.accept(*_SECTIONS):
        if section in seen:
            parser.tokens.refuse(f'The "{section}" section can only be used once in an update expression;')
        seen.add(section)
        actions += parser.section(section)
    parser.finish()
    return actions


class _Parser:
    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self._operators = 0
        self._depth = 0
        self._redundant = False

    def finish(self) -> None:
        """What holds of an expression as a whole. Syntax comes first, as only a whole expression can be too much."""
        if self.tokens.now.kind != "end":
            self.tokens.fail()
        if self._redundant:
            self.tokens.refuse("The expression has redundant parentheses;")
        if self._operators > MOST_OPERATORS:
            self.tokens.refuse(f"The expression contains too many operators; operator count: {self._operators}")

    # Conditions

    def condition(self) -> Condition:
        nodes: list[Condition] = []
        pending: list[str] = []
        while True:
            while word := self.tokens.accept("NOT", "("):
                pending.append(word)
            node = self._closed(self.operand(), nodes, pending)
            word = self.tokens.accept("AND", "OR")
            if not word:
                break
            nodes.append(self._reduced(node, nodes, pending, _STRENGTH[word]))
            pending.append(word)
        node = self._reduced(node, nodes, pending, 0)
        if pending:  # a parenthesis is still open
            self.tokens.fail()
        return node

    def _closed(self, node: Node, nodes: list[Condition], pending: list[str]) -> Condition:
        """A condition that begins with this operand, with the parentheses that end after it."""
        wrapped = False
        while True:
            if not isinstance(node, _CONDITIONS) or isinstance(node, Call):
                compared = self._compared(node)
                wrapped = wrapped and compared is node
                node = compared
            if "(" not in pending or self.tokens.now.word != ")":
                break
            bare = pending[-1] == "("
            self._redundant |= bare and wrapped
            if not bare:
                node = self._reduced(self._whole(node), nodes, pending, 0)
            self.tokens.take()
            pending.pop()
            wrapped = True
        return self._whole(node)

    def _whole(self, node: Node) -> Condition:
        if not isinstance(node, _CONDITIONS):
            self.tokens.fail()
        return node

    def _reduced(self, node: Condition, nodes: list[Condition], pending: list[str], strength: int) -> Condition:
        """Join with what waits on the left and binds at least as strongly."""
        while pending and pending[-1] != "(" and _STRENGTH[pending[-1]] >= strength:
            self._operators += 1
            word = pending.pop()
            if word == "NOT":
                node = node.condition if isinstance(node, Not) else Not(node)
            else:
                node = _joined(All if word == "AND" else Either, nodes.pop(), node)
        return node

    def _compared(self, operand: Operand) -> Node:
        """The comparison that this operand begins, or itself where none follows."""
        if sign := self.tokens.accept(*_SIGNS):
            self._operators += 1
            return Comparison(sign, operand, self._wrapped_operand())
        if self.tokens.accept("BETWEEN"):
            self._operators += 1
            low = self._wrapped_operand()
            self.tokens.expect("AND")
            return Between(operand, low, self._wrapped_operand())
        if self.tokens.accept("IN"):
            self._operators += 1
            return In(operand, self._options())
        return operand

    def _options(self) -> tuple[Operand, ...]:
        options = self._list()
        if len(options) > MOST_OPTIONS:
            self.tokens.refuse(
                f"The IN operator is provided with too many operands; number of operands: {len(options)}"
            )
        return options

    # Operands

    def _wrapped_operand(self) -> Operand:
        depth = 0
        while self.tokens.accept("("):
            depth += 1
        found = self.operand()
        for _ in range(depth):
            self.tokens.expect(")")
        self._redundant |= depth > 1
        return found

    def operand(self) -> Operand:
        token = self.tokens.now
        if token.kind == "value":
            return Given(self.tokens.take().text)
        if token.kind == "word" and self.tokens.following.word == "(":
            return self._call()
        return self.path()

    def _call(self) -> Call:
        function = self.tokens.take().text
        self._operators += 1
        self._depth += 1
        if self._depth > DEEPEST_CALL:
            self.tokens.refuse(f"The expression has too many nested functions; nesting levels: {self._depth}")
        operands = self._list()
        self._depth -= 1
        return Call(function, operands)

    def _list(self) -> tuple[Operand, ...]:
        self.tokens.expect("(")
        operands = [self._wrapped_operand()]
        while self.tokens.accept(","):
            operands.append(self._wrapped_operand())
        self.tokens.expect(")")
        return tuple(operands)

    def path(self) -> Path:
        steps: list[str | int] = [self._name()]
        while sign := self.tokens.accept(".", "["):
            if sign == ".":
                steps.append(self._name())
                continue
            steps.append(self._index())
            self.tokens.expect("]")
        if len(steps) > DEEPEST_PATH:
            self.tokens.refuse(f"The document path has too many nesting elements; nesting levels: {len(steps)}")
        return Path(tuple(steps))

    def _name(self) -> str:
        if self.tokens.now.kind not in ("word", "name"):
            self.tokens.fail()
        return self.tokens.take().text

    def _index(self) -> int:
        if self.tokens.now.kind != "number":
            self.tokens.fail()
        digits = self.tokens.take().text
        if len(digits) > len(str(LARGEST_INDEX)) or int(digits) > LARGEST_INDEX:
            self.tokens.refuse(f"List index is not within the allowable range; index: [{digits}]")
        return int(digits)

    # Updates

    def section(self, section: str) -> list[Action]:
        actions = [self._action(section)]
        while self.tokens.accept(","):
            actions.append(self._action(section))
        return actions

    def _action(self, section: str) -> Action:
        path = self.path()
        if section == "REMOVE":
            return Action(section, path, None)
        if section == "SET":
            self.tokens.expect("=")
            return Action(section, path, self._assigned())
        if self.tokens.now.kind != "value":
            self.tokens.fail()
        return Action(section, path, self.operand())

    def _assigned(self) -> Operand | Arithmetic:
        """An operand, or the sum or difference of two; parentheses may be around each, and around the whole."""
        depth = 0
        while self.tokens.accept("("):
            depth += 1
        first = self.operand()
        value: Operand | Arithmetic = first
        depth -= self._closings(depth)
        if sign := self.tokens.accept("+", "-"):
            self._operators += 1
            value = Arithmetic(sign, first, self._wrapped_operand())
            depth -= self._closings(depth)
        if depth:
            self.tokens.fail()
        return value

    def _closings(self, at_most: int) -> int:
        """Take the parentheses that end here, and say how many."""
        count = 0
        while count < at_most and self.tokens.accept(")"):
            count += 1
        self._redundant |= count > 1
        return count


_CONDITIONS = (Comparison, Between, In, Not, All, Either, Call)


def _joined(form: type[All] | type[Either], left: Condition, right: Condition) -> Condition:
    """AND and OR are associative, so a chain is one node however it was put in parentheses."""
    parts = left.parts if isinstance(left, form) else (left,)
    return form(parts + (right.parts if isinstance(right, form) else (right,)))
