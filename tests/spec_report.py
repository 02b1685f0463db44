"""Which requirements of docs/requirements have a passing test: a pytest plugin.

A test claims requirements with `@pytest.mark.spec("storage:S3-42", ...)`. A requirement holds when some test
claims it and every test that claims it passed. Claims travel in the reports' user properties, because with
xdist the tests run in other processes than the one that prints."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

REQUIREMENTS = Path(__file__).parents[1] / "docs" / "requirements"
CLAIM = "spec"  # the name of the mark and of the user property that carries it


class Requirement(NamedTuple):
    id: str  # file and ID together: "storage:S3-42"
    section: str
    text: str


def parse(area: str, text: str) -> Iterator[Requirement]:
    """The requirements in one file's text: lines `- S3-42 ...` under `### Must do`, or right under a
    section's own heading, as those that span systems are.

    Raises ValueError for a requirement before any heading."""
    section, counts = None, True
    for line in text.splitlines():
        if heading := re.fullmatch(r"##? (.+)", line):
            section, counts = heading[1].strip(), True
        elif line.startswith("### "):
            counts = line.strip() == "### Must do"
        elif counts and (item := re.match(r"- ([A-Z][A-Z0-9]*-\d+) (.+)", line)):
            if section is None:
                raise ValueError(f"{area}:{item[1]} is in no section")
            yield Requirement(f"{area}:{item[1]}", section, item[2])


def read(folder: Path = REQUIREMENTS) -> dict[str, Requirement]:
    """Every requirement by its ID, in reading order. Raises ValueError where two share an ID."""
    found: dict[str, Requirement] = {}
    for file in sorted(folder.glob("*.md")):
        if file.name == "README.md":
            continue
        for requirement in parse(file.stem, file.read_text(encoding="utf-8")):
            if requirement.id in found:
                raise ValueError(f"{requirement.id} is used twice")
            found[requirement.id] = requirement
    return found


class Claims:
    """What the tests of one run claimed, and which of those tests passed."""

    def __init__(self) -> None:
        self._tests: dict[str, set[str]] = defaultdict(set)  # requirement -> the tests that claim it
        self._passed: set[str] = set()
        self._spoiled: set[str] = set()

    def add(self, report: pytest.TestReport) -> None:
        """Take in one phase (set-up, call or tear-down) of one test."""
        for name, value in report.user_properties:
            if name == CLAIM:
                self._tests[str(value)].add(report.nodeid)
        if report.outcome != "passed" or hasattr(report, "wasxfail"):
            self._spoiled.add(report.nodeid)
        elif report.when == "call":
            self._passed.add(report.nodeid)

    @property
    def ids(self) -> set[str]:
        return set(self._tests)

    @property
    def holding(self) -> set[str]:
        good = self._passed - self._spoiled
        return {claimed for claimed, tests in self._tests.items() if tests <= good}


def lines(requirements: dict[str, Requirement], claims: Claims, *, verbose: bool) -> Iterator[str]:
    """The report. Without `verbose`, sections where nothing holds or is claimed are only counted."""
    holding = claims.holding & set(requirements)
    for area, own in _grouped(requirements.values(), lambda r: r.id.partition(":")[0]):
        sections = _grouped(own, lambda r: r.section)
        shown = [(name, members) for name, members in sections if verbose or _ids(members) & claims.ids]
        yield _row(area, own, claims, holding)
        for name, members in shown:
            yield _row(f"  {name}", members, claims, holding)
            if verbose:
                yield from _missing(members, holding)
        if len(shown) < len(sections):
            yield f"  ... and {len(sections) - len(shown)} sections that no test claims"
    yield _row("total", list(requirements.values()), claims, holding)


def unknown(requirements: dict[str, Requirement], claims: Claims) -> list[str]:
    return sorted(claims.ids - set(requirements))


def _grouped(items: Iterable[Requirement], key) -> list[tuple[str, list[Requirement]]]:
    groups: dict[str, list[Requirement]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.items())


def _ids(members: Iterable[Requirement]) -> set[str]:
    return {member.id for member in members}


def _row(name: str, members: list[Requirement], claims: Claims, holding: set[str]) -> str:
    good = len(_ids(members) & holding)
    spoiled = len(_ids(members) & claims.ids - holding)
    note = f"   {spoiled} claimed by a test that did not pass" if spoiled else ""
    label = name if len(name) <= 60 else name[:57] + "..."
    return f"{label:<60} {good:>5} of {len(members):>5} {100 * good / max(1, len(members)):>4.0f} %{note}"


def _missing(members: list[Requirement], holding: set[str]) -> Iterator[str]:
    absent = [member.id for member in members if member.id not in holding]
    for start in range(0, len(absent), 5):
        yield "      " + "  ".join(f"{name:<20}" for name in absent[start : start + 5]).rstrip()


class SpecReport:
    """The plugin's own state; it lives in the process that prints."""

    def __init__(self, requirements: dict[str, Requirement], style: str | None) -> None:
        self.requirements = requirements
        self.style = style
        self.claims = Claims()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.claims.add(report)

    # Last, so that a run which failed for a better known reason keeps its own exit status.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if unknown(self.requirements, self.claims) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter) -> None:
        if self.style:
            terminalreporter.section("requirements with a passing test")
            for line in lines(self.requirements, self.claims, verbose=self.style == "verbose"):
                terminalreporter.write_line(line)
        if strangers := unknown(self.requirements, self.claims):
            terminalreporter.section("claimed requirements that do not exist", red=True)
            for claimed in strangers:
                terminalreporter.write_line(claimed)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("cumulet").addoption(
        "--spec-report",
        nargs="?",
        const="summary",
        choices=["summary", "verbose"],
        help="print how many requirements have a passing test; =verbose lists the rest (write it last)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "spec(*ids): the requirements that this test proves")
    if not hasattr(config, "workerinput"):  # an xdist worker reports to the controller, which prints
        config.pluginmanager.register(SpecReport(read(), config.getoption("--spec-report")), "spec-report")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        claimed = Counter(str(one) for mark in item.iter_markers(CLAIM) for one in mark.args)
        item.user_properties.extend((CLAIM, one) for one in claimed)
