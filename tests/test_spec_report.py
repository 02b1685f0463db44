"""The report on requirements: what it reads, what it counts, and when it fails a run."""

import pytest

from tests import spec_report

pytest_plugins = ["pytester"]

TEXT = """# Storage

## Amazon S3
`client:` s3
### Must do
#### Buckets
- S3-01 A bucket's name is unique.
- S3-02 A bucket lives in one Region.
plain words
### Limits and numbers
- S3-99 is not a requirement here.
## Other
### Must do
- EFS-1 Files.
### Hands-on flows
- EFS-2 is not one either.
# Across systems
- ARC-1 Thumbnails.
"""


def test_requirements_are_the_items_under_must_do_or_a_bare_heading():
    found = list(spec_report.parse("storage", TEXT))

    assert [(r.id, r.section) for r in found] == [
        ("storage:S3-01", "Amazon S3"),
        ("storage:S3-02", "Amazon S3"),
        ("storage:EFS-1", "Other"),
        ("storage:ARC-1", "Across systems"),
    ]
    assert found[0].text == "A bucket's name is unique."


def test_a_requirement_outside_a_section_is_refused():
    with pytest.raises(ValueError, match="no section"):
        list(spec_report.parse("storage", "- S3-01 Alone.\n"))


def test_an_id_used_twice_is_refused(tmp_path):
    (tmp_path / "storage.md").write_text(TEXT + "- S3-01 Again.\n")
    with pytest.raises(ValueError, match="storage:S3-01 is used twice"):
        spec_report.read(tmp_path)


def test_the_projects_own_files_are_whole():
    found = spec_report.read()

    assert {name.partition(":")[0] for name in found} == {
        "compute",
        "data",
        "integration",
        "networking",
        "security",
        "storage",
    }
    assert len(found) > 2000
    assert "storage:S3-42" in found


def report(nodeid, outcome, *claims, when="call"):
    properties = [(spec_report.CLAIM, claim) for claim in claims]
    return pytest.TestReport(nodeid, (nodeid, 0, nodeid), {}, outcome, None, when, user_properties=properties)


def test_a_requirement_holds_when_every_test_that_claims_it_passed():
    claims = spec_report.Claims()
    claims.add(report("a", "passed", "storage:S3-01", "storage:S3-02"))
    claims.add(report("b", "failed", "storage:S3-02"))
    claims.add(report("c", "skipped", "storage:EFS-1", when="setup"))

    assert claims.holding == {"storage:S3-01"}
    assert claims.ids == {"storage:S3-01", "storage:S3-02", "storage:EFS-1"}


def test_a_failing_tear_down_spoils_the_test():
    claims = spec_report.Claims()
    claims.add(report("a", "passed", "storage:S3-01"))
    claims.add(report("a", "failed", "storage:S3-01", when="teardown"))

    assert claims.holding == set()


def test_the_report_counts_and_the_verbose_one_lists_what_is_missing():
    requirements = {r.id: r for r in spec_report.parse("storage", TEXT)}
    claims = spec_report.Claims()
    claims.add(report("a", "passed", "storage:S3-01"))

    brief = [" ".join(line.split()) for line in spec_report.lines(requirements, claims, verbose=False)]
    long = [" ".join(line.split()) for line in spec_report.lines(requirements, claims, verbose=True)]

    assert brief == [
        "storage 1 of 4 25 %",
        "Amazon S3 1 of 2 50 %",
        "... and 2 sections that no test claims",
        "total 1 of 4 25 %",
    ]
    assert long == [
        "storage 1 of 4 25 %",
        "Amazon S3 1 of 2 50 %",
        "storage:S3-02",
        "Other 0 of 1 0 %",
        "storage:EFS-1",
        "Across systems 0 of 1 0 %",
        "storage:ARC-1",
        "total 1 of 4 25 %",
    ]


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs pytest with the plugin on the files of `pytester`, in `workers` processes (0: in one)."""
    monkeypatch.setenv("PYTHONPATH", str(spec_report.REQUIREMENTS.parents[1]))  # xdist's workers inherit it

    def _run(workers):
        return pytester.runpytest_subprocess("-p", "tests.spec_report", "-n", workers, "--spec-report")

    return _run


INNER = """
import pytest

@pytest.mark.spec("storage:S3-01", {claim!r})
def test_passes(): pass

@pytest.mark.spec("storage:S3-02")
def test_fails(): assert {good}
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_prints_the_total(pytester, run, workers):
    pytester.makepyfile(INNER.format(claim="storage:S3-03", good=True))
    total = len(spec_report.read())

    result = run(workers)

    assert result.ret == pytest.ExitCode.OK
    result.stdout.re_match_lines([r"storage +3 of .*", r"  Amazon S3 +3 of .*", rf"total +3 of +{total} .*"])


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_unknown_id_fails_the_run(pytester, run, workers):
    pytester.makepyfile(INNER.format(claim="storage:S3-999", good=True))

    result = run(workers)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*claimed requirements that do not exist*", "storage:S3-999"])


def test_a_failing_test_is_named_beside_its_section(pytester, run):
    pytester.makepyfile(INNER.format(claim="storage:S3-03", good=False))

    result = run("0")

    result.stdout.re_match_lines([r"  Amazon S3 +2 of .* 1 claimed by a test that did not pass"])
