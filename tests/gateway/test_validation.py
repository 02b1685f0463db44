import pytest

from cumulet.gateway import validation
from cumulet.gateway.validation import InvalidInput
from cumulet.kernel import models
from cumulet.kernel.models import ServiceModel


def refused(service, operation, **params):
    with pytest.raises(InvalidInput) as caught:
        validation.check(models.load(service), operation, params)
    return caught.value


def accepted(service, operation, **params):
    validation.check(models.load(service), operation, params)


def model_of(**members):
    """A JSON service with one operation, `Do`, whose input has these shapes as members."""
    shapes = {f"{name}Shape": shape for name, shape in members.items()}
    shapes["DoRequest"] = {
        "type": "structure",
        "members": {name: {"shape": f"{name}Shape"} for name in members},
    }
    shapes["String"] = {"type": "string"}
    operation = {"name": "Do", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "DoRequest"}}
    metadata = {"protocol": "json", "endpointPrefix": "x", "apiVersion": "2026-01-01"}
    return ServiceModel("made", {"metadata": metadata, "operations": {"Do": operation}, "shapes": shapes})


def words(model, **params):
    with pytest.raises(InvalidInput) as caught:
        validation.check(model, "Do", params)
    return caught.value.message


def test_a_pattern_is_named_with_the_value_and_its_path():
    error = refused("events", "PutTargets", Rule="r", Targets=[{"Id": "!@#$@!#$", "Arn": "arn:aws:sqs:::q"}])
    assert error.code == "ValidationException"
    assert error.message == (
        "1 validation error detected: Value '!@#$@!#$' at 'targets.1.member.id' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"
    )


def test_older_services_call_it_a_validation_error():
    error = refused("sts", "AssumeRole", RoleArn="arn:aws:iam::111111111111:role/r", RoleSessionName="Session1:2")
    assert error.code == "ValidationError"
    assert error.message == (
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]*"
    )


def test_missing_members_are_null_and_maps_lead_to_their_entries():
    error = refused("sns", "Publish", Message="m", MessageAttributes={"attr1": {}})
    assert error.message == (
        "1 validation error detected: Value null at 'messageAttributes.attr1.member.dataType' failed to satisfy "
        "constraint: Member must not be null"
    )


def test_several_problems_are_counted_and_all_named():
    error = refused(
        "apigateway",
        "CreateRestApi",
        name="n",
        endpointConfiguration={"types": ["wrong"], "ipAddressType": "wrong"},
    )
    assert error.message == (
        "2 validation errors detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to "
        "satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [REGIONAL, EDGE, "
        "PRIVATE]]; Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy "
        "constraint: Member must satisfy enum value set: [ipv4, dualstack]"
    )
    assert len(error.problems) == 2


def test_keys_and_values_of_maps_are_named_with_the_whole_map():
    alias = {"FunctionName": "f", "Name": "a", "FunctionVersion": "1"}
    key = refused("lambda", "CreateAlias", **alias, RoutingConfig={"AdditionalVersionWeights": {"$LATEST": 0.5}})
    assert key.message == (
        "1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to "
        "satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, "
        "Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]"
    )
    value = refused("lambda", "CreateAlias", **alias, RoutingConfig={"AdditionalVersionWeights": {"2": 2.0}})
    assert value.message == (
        "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
        "constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member "
        "must have value greater than or equal to 0.0, Member must not be null]"
    )


def test_ranges_and_lengths():
    assert refused("kms", "GenerateRandom", NumberOfBytes=0).message.endswith(
        "Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1"
    )
    assert refused("kms", "GenerateRandom", NumberOfBytes=1025).message.endswith(
        "at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024"
    )
    accepted("kms", "GenerateRandom", NumberOfBytes=1024)


def test_structures_are_printed_as_java_prints_them():
    transformation = {"metricName": "metric1", "metricNamespace": "n", "metricValue": "1"}
    error = refused(
        "logs",
        "PutMetricFilter",
        logGroupName="g",
        filterName="f",
        filterPattern="",
        metricTransformations=[transformation, transformation],
    )
    assert error.code == "InvalidParameterException"
    assert "Value '[MetricTransformation(metricName=metric1, metricNamespace=n, metricValue=1, " in error.message
    assert error.message.endswith("Member must have length less than or equal to 1")


def test_a_secret_value_is_not_repeated():
    error = refused("cognito-idp", "SignUp", ClientId="c", Username="u", Password="no good")
    assert "no good" not in error.message
    assert "Value at 'password' failed to satisfy constraint" in error.message


def test_services_with_words_of_their_own_for_what_is_missing():
    assert (refused("sqs", "SendMessage", MessageBody="m").code) == "MissingParameter"
    assert refused("sqs", "SendMessage", MessageBody="m").message == "The request must contain the parameter QueueUrl."
    assert refused("ec2", "DescribeInstanceAttribute", InstanceId="i-1").message == (
        "The request must contain the parameter Attribute"
    )
    assert refused("s3", "DeleteObjects", Bucket="b", Delete={}).code == "MalformedXML"


def test_services_that_check_values_themselves_are_left_to_it():
    accepted("s3", "PutBucketVersioning", Bucket="b", VersioningConfiguration={"Status": "sideways"})
    accepted("ec2", "RunInstances", MinCount=1, MaxCount=1, InstanceType="huge")


def test_lengths_count_characters_of_strings_and_bytes_of_blobs():
    model = model_of(Text={"type": "string", "max": 2}, Data={"type": "blob", "max": 2})
    validation.check(model, "Do", {"Text": "☃☃", "Data": b"12"})
    assert "Value 'abc' at 'text'" in words(model, Text="abc")
    assert "java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]" in words(model, Data=b"123")


def test_a_null_in_a_list_is_named_unless_the_list_may_have_gaps():
    model = model_of(
        Dense={"type": "list", "member": {"shape": "String"}},
        Sparse={"type": "list", "member": {"shape": "String"}, "sparse": True},
    )
    validation.check(model, "Do", {"Dense": ["a"], "Sparse": ["a", None]})
    assert words(model, Dense=["a", None]) == (
        "1 validation error detected: Value null at 'dense.2.member' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_shapes_within_themselves_are_checked_at_every_depth():
    model = model_of(
        Tree={"type": "structure", "members": {"Child": {"shape": "TreeShape"}, "Leaf": {"shape": "LeafShape"}}},
        Leaf={"type": "string", "enum": ["green"]},
    )
    validation.check(model, "Do", {"Tree": {"Child": {"Child": {"Leaf": "green"}}}})
    assert "at 'tree.child.child.leaf'" in words(model, Tree={"Child": {"Child": {"Leaf": "red"}}})


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("[a-z]+", "abc", "abc1"),
        ("^[a-z]+", "abc1", "1abc"),
        (r"[\p{L}\p{N} ]*", "żółw 1", "a/b"),
        (r"\p{Alpha}\p{Digit}*", "a1", "1a"),
        (r"[\w]+", "abc_1", "é"),
    ],
)
def test_patterns_are_read_as_java_reads_them(pattern, good, bad):
    model = model_of(Name={"type": "string", "pattern": pattern})
    validation.check(model, "Do", {"Name": good})
    assert pattern in words(model, Name=bad)


@pytest.mark.parametrize("pattern", ["[a-z&&[^b]]+", "(", r"\p{Cherokee}+", r"\P{L}"])
def test_patterns_that_python_cannot_read_refuse_nothing(pattern):
    validation.check(model_of(Name={"type": "string", "pattern": pattern}), "Do", {"Name": "b"})


def test_a_pattern_does_not_take_forever():
    model = model_of(Name={"type": "string", "pattern": "([a-z]+)*"})
    validation.check(model, "Do", {"Name": "a" * 5000 + "!"})


def test_every_operation_has_a_check_that_takes_an_empty_input_in_its_stride():
    for service in ("s3", "ec2", "dynamodb", "lambda", "iam", "cloudformation", "sagemaker"):
        model = models.load(service)
        for operation in model.operations:
            input_name = model.operations[operation].input
            if input_name and model.shapes[input_name].get("required"):
                with pytest.raises(InvalidInput):
                    validation.check(model, operation, {})
            else:
                validation.check(model, operation, {})
