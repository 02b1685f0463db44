"""The report of what is real, stored and missing, held to the code."""

from __future__ import annotations

import pytest

from cumulet import coverage
from cumulet.kernel import models
from cumulet.kernel.registry import Registry
from cumulet.kernel.service import fidelity
from tests.admin_client import call


@pytest.fixture(scope="module")
def registry():
    return Registry("cumulet.services")


def test_every_operation_of_the_model_has_one_label(registry):
    for covered in coverage.of_all(registry):
        assert set(covered.operations) == set(models.load(covered.service).operations)
        assert set(covered.operations.values()) <= {"real", "stored", "missing"}


def test_a_label_says_what_the_class_has(registry):
    service = registry.load("s3")
    labels = coverage.of(registry, "s3").operations
    for name, operation in models.load("s3").operations.items():
        method = getattr(service, operation.method, None)
        assert labels[name] == ("missing" if method is None else fidelity(method).value)
    assert labels["PutObject"] == "real"


def test_a_service_that_cumulet_has_not_is_missing_altogether(registry):
    name = coverage.missing_services(registry)[0]
    assert set(coverage.of(registry, name).operations.values()) == {"missing"}


def test_a_service_that_nobody_has_is_no_service(registry):
    for name in ("nonsense", "../sqs", ""):
        with pytest.raises(coverage.UnknownService):
            coverage.of(registry, name)


def test_the_totals_are_the_sums(registry):
    report = coverage.as_plain(registry)
    for what in ("real", "stored", "missing"):
        assert report["totals"][what] == sum(counts[what] for counts in report["services"].values())
    assert not set(report["services"]) & set(report["missing_services"])


def test_a_running_cloud_reports_the_same(shared_cloud, registry):
    assert call(shared_cloud.url, "GET", "/_cumulet/coverage") == (200, coverage.as_plain(registry))
    status, one = call(shared_cloud.url, "GET", "/_cumulet/coverage/s3")
    assert (status, one["operations"]) == (200, coverage.of(registry, "s3").operations)
    assert call(shared_cloud.url, "GET", "/_cumulet/coverage/nonsense")[0] == 404
    assert call(shared_cloud.url, "GET", "/_cumulet/coverage/..%2f..%2fetc")[0] == 404
