import subprocess
import sys

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from cumulet.kernel import models


def test_every_service_of_botocore_is_known_by_boto3s_name():
    assert models.names() == Loader().list_available_services("service-2")


def test_every_method_is_spelled_as_boto3_spells_it():
    misspelled = [
        (service, name, operation.method)
        for service in models.names()
        for name, operation in models.load(service).operations.items()
        if operation.method != xform_name(name)
    ]
    assert misspelled == []


@pytest.mark.parametrize("service", ["s3", "sqs", "rds", "lexv2-runtime", "sts", "kinesis"])
def test_operations_say_what_botocore_says(service):
    theirs = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    ours = models.load(service)

    assert list(ours.operations) == theirs.operation_names
    assert ours.signing_name == theirs.signing_name
    assert ours.api_version == theirs.api_version
    for name, operation in ours.operations.items():
        expected = theirs.operation_model(name)
        assert operation.http_method == expected.http["method"]
        assert operation.uri == expected.http["requestUri"]
        assert operation.input == (expected.input_shape and expected.input_shape.name)
        assert operation.output == (expected.output_shape and expected.output_shape.name)
        assert list(operation.errors) == [shape.name for shape in expected.error_shapes]
        assert list(operation.idempotency_members) == expected.idempotent_members
        assert (operation.streaming_input is not None) == expected.has_streaming_input
        assert (operation.event_stream_input is not None) == expected.has_event_stream_input
        assert (operation.event_stream_output is not None) == expected.has_event_stream_output
        assert operation.unsigned == (expected.auth_type == "none")
        assert operation.required_checksum == bool(
            expected.http_checksum_required or expected.http_checksum.get("requestChecksumRequired")
        )


def test_extras_of_the_sdk_are_merged():
    assert models.load("s3").shapes["Expires"]["type"] == "timestamp"


def test_documentation_is_not_kept():
    model = models.load("dynamodb")
    assert not any("documentation" in shape for shape in model.shapes.values())
    assert not any("documentation" in operation.raw for operation in model.operations.values())


def test_streaming_members_are_named():
    s3 = models.load("s3").operations
    assert s3["GetObject"].streaming_output == "Body"
    assert s3["PutObject"].streaming_input == "Body"
    assert s3["ListObjectsV2"].streaming_output is None
    assert s3["SelectObjectContent"].event_stream_output == "Payload"


def test_an_error_has_a_status_a_fault_and_its_older_code():
    error = models.load("sqs").error("QueueDoesNotExist")
    assert (error.code, error.status, error.fault) == ("QueueDoesNotExist", 400, "sender")
    assert error.query_code == "AWS.SimpleQueueService.NonExistentQueue"
    assert models.load("sqs").error_by_code("AWS.SimpleQueueService.NonExistentQueue") == error
    assert models.load("iam").error("NoSuchEntityException").code == "NoSuchEntity"
    assert models.load("lambda").error("ServiceException").fault == "receiver"


def test_a_shape_that_is_no_error_and_an_unknown_service_are_refused():
    with pytest.raises(KeyError):
        models.load("sqs").error("SendMessageRequest")
    for name in ("nosuchservice", "../data/sqs", ""):
        with pytest.raises(KeyError):
            models.load(name)


def test_reading_models_imports_no_botocore():
    program = "import sys; from cumulet.kernel import models; models.load('s3'); print('botocore' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "False"
