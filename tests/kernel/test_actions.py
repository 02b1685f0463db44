"""Which permissions a call needs, and what the published authorization data says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cumulet.kernel import actions, models
from cumulet.kernel.actions import Level, exceptions, paths
from cumulet.kernel.scope import Scope

ARN = "arn:aws:{}:eu-west-1:111122223333:{}"
HERE = Scope(account="111122223333", region="eu-west-1")
ROLE = "arn:aws:iam::111122223333:role/worker"


def needed(service: str, method: str, **parameters) -> list[tuple[str, str]]:
    return [(need.action, need.resource) for need in actions.needs(service, method, HERE, parameters)]


def only(service: str, method: str, **parameters) -> tuple[str, str]:
    (need,) = needed(service, method, **parameters)
    return need


@pytest.mark.parametrize(
    ("service", "method", "parameters", "action", "resource"),
    [
        ("sns", "create_topic", {"Name": "t"}, "sns:CreateTopic", "arn:aws:sns:eu-west-1:111122223333:t"),
        ("dynamodb", "put_item", {"TableName": "t"}, "dynamodb:PutItem", ARN.format("dynamodb", "table/t")),
        ("iam", "create_user", {"UserName": "bob"}, "iam:CreateUser", "arn:aws:iam::111122223333:user/bob"),
        ("kms", "encrypt", {"KeyId": "1-2"}, "kms:Encrypt", "arn:aws:kms:eu-west-1:111122223333:key/1-2"),
        ("rds", "delete_db_instance", {"DBInstanceIdentifier": "d"}, "rds:DeleteDBInstance", ARN.format("rds", "db:d")),
        ("ssm", "get_parameter", {"Name": "/a/b"}, "ssm:GetParameter", ARN.format("ssm", "parameter/a/b")),
        ("s3", "get_object", {"Bucket": "b", "Key": "k/l"}, "s3:GetObject", "arn:aws:s3:::b/k/l"),
        ("logs", "put_log_events", {"logGroupName": "g", "logStreamName": "s"}, "logs:PutLogEvents",
         ARN.format("logs", "log-group:g:log-stream:s")),
        ("stepfunctions", "delete_state_machine", {"stateMachineArn": ARN.format("states", "stateMachine:m")},
         "states:DeleteStateMachine", ARN.format("states", "stateMachine:m")),
    ],
)  # fmt: skip
def test_the_resource_is_found_in_the_parameters(service, method, parameters, action, resource):
    assert only(service, method, **parameters) == (action, resource)


def test_an_action_without_a_resource_is_on_everything():
    assert only("sqs", "list_queues") == ("sqs:ListQueues", "*")


def test_a_partition_is_told_by_the_region():
    beijing = Scope(account="111122223333", region="cn-north-1")
    (need,) = actions.needs("dynamodb", "put_item", beijing, {"TableName": "t"})
    assert need.resource == "arn:aws-cn:dynamodb:cn-north-1:111122223333:table/t"


def test_a_url_names_the_account_whose_queue_it_is():
    (need,) = actions.needs("sqs", "send_message", HERE, {"QueueUrl": "http://127.0.0.1:4566/999988887777/orders"})
    assert (need.resource, need.account) == ("arn:aws:sqs:eu-west-1:999988887777:orders", "999988887777")


def test_an_arn_of_another_account_says_so_and_one_of_our_own_does_not():
    for account, told in (("999988887777", "999988887777"), ("111122223333", "")):
        (need,) = actions.needs("sns", "publish", HERE, {"TopicArn": f"arn:aws:sns:eu-west-1:{account}:t"})
        assert need.account == told


def test_an_arn_may_stand_for_a_name():
    arn = "arn:aws:lambda:eu-west-1:999988887777:function:f"
    assert only("lambda", "get_function", FunctionName=arn) == ("lambda:GetFunction", arn)


def test_an_object_called_like_an_arn_is_no_other_object():
    key = "arn:aws:s3:::open/to-all"
    assert only("s3", "get_object", Bucket="b", Key=key) == ("s3:GetObject", f"arn:aws:s3:::b/{key}")
    assert only("s3", "get_object", Bucket="b", Key="x://y/z")[1] == "arn:aws:s3:::b/x://y/z"
    assert only("s3", "get_object", Bucket="b", Key="/z")[1] == "arn:aws:s3:::b//z"


def test_an_arn_of_another_service_is_taken_for_a_name():
    resource = only("dynamodb", "put_item", TableName="arn:aws:sns:eu-west-1:111122223333:t")[1]
    assert resource.startswith("arn:aws:dynamodb:eu-west-1:111122223333:table/")


def test_many_resources_are_needed_one_by_one():
    found = needed("ec2", "terminate_instances", InstanceIds=["i-1", "i-2"])
    assert found == [
        ("ec2:TerminateInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"),
        ("ec2:TerminateInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/i-2"),
    ]


def test_a_resource_that_does_not_exist_yet_is_any_of_its_kind():
    resources = [resource for _, resource in needed("ec2", "run_instances", ImageId="ami-1", SubnetId="subnet-1")]
    assert "arn:aws:ec2:eu-west-1::image/ami-1" in resources
    assert "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1" in resources
    assert "arn:aws:ec2:eu-west-1:111122223333:instance/*" in resources


def test_a_query_of_an_index_is_on_the_index():
    table = "arn:aws:dynamodb:eu-west-1:111122223333:table/t"
    assert only("dynamodb", "query", TableName="t")[1] == table
    assert only("dynamodb", "query", TableName="t", IndexName="i")[1] == f"{table}/index/i"


def test_a_transaction_needs_what_its_parts_need():
    table = "arn:aws:dynamodb:eu-west-1:111122223333:table/"
    items = [{"Put": {"TableName": "a"}}, {"Delete": {"TableName": "b"}}, {"Put": {"TableName": "a"}}]
    assert sorted(needed("dynamodb", "transact_write_items", TransactItems=items)) == [
        ("dynamodb:DeleteItem", table + "b"),
        ("dynamodb:PutItem", table + "a"),
    ]
    assert needed("dynamodb", "batch_get_item", RequestItems={"a": {}, "b": {}}) == [
        ("dynamodb:BatchGetItem", table + "a"),
        ("dynamodb:BatchGetItem", table + "b"),
    ]


def test_batches_need_what_their_single_forms_need():
    url = "http://127.0.0.1:4566/111122223333/q"
    assert only("sqs", "send_message_batch", QueueUrl=url, Entries=[])[0] == "sqs:SendMessage"
    assert only("sns", "publish_batch", TopicArn="arn:aws:sns:eu-west-1:111122223333:t")[0] == "sns:Publish"


def test_copying_reads_one_object_and_writes_another():
    found = needed("s3", "copy_object", Bucket="b", Key="k", CopySource="/src/o?versionId=1")
    assert found == [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:GetObject", "arn:aws:s3:::src/o")]


def test_api_gateway_is_asked_by_verb_and_path():
    parameters = {"restApiId": "r1", "resourceId": "r2"}
    resource = "arn:aws:apigateway:eu-west-1::/restapis/r1/resources/r2"
    assert only("apigateway", "get_resource", **parameters) == ("apigateway:GET", resource)
    assert only("apigatewayv2", "create_api", Name="x") == ("apigateway:POST", "arn:aws:apigateway:eu-west-1::/apis")


@pytest.mark.parametrize(
    ("service", "method", "parameters"),
    [
        ("sns", "create_topic", {"Name": "t", "Tags": [{"Key": "Team", "Value": "red"}]}),
        ("sqs", "create_queue", {"QueueName": "q", "tags": {"Team": "red"}}),
        ("kms", "create_key", {"Tags": [{"TagKey": "Team", "TagValue": "red"}]}),
        ("ecs", "create_cluster", {"tags": [{"key": "Team", "value": "red"}]}),
        ("lambda", "create_function", {"FunctionName": "f", "Tags": {"Team": "red"}}),
        ("s3", "put_bucket_tagging", {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "Team", "Value": "red"}]}}),
        ("ec2", "run_instances",
         {"TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Team", "Value": "red"}]}]}),
    ],
)  # fmt: skip
def test_tags_of_the_request_are_condition_keys_however_they_are_written(service, method, parameters):
    for need in actions.needs(service, method, HERE, parameters):
        assert need.context.get("aws:requesttag/team") == "red"
        assert need.context.get("aws:tagkeys") == ["Team"]


@pytest.mark.parametrize(
    ("service", "method", "parameters", "context"),
    [
        ("sns", "subscribe", {"TopicArn": ARN.format("sns", "t"), "Protocol": "https", "Endpoint": "https://e"},
         {"sns:protocol": "https", "sns:endpoint": "https://e"}),
        ("sts", "assume_role", {"RoleArn": ROLE, "ExternalId": "x"}, {"sts:externalid": "x"}),
        ("s3", "list_objects_v2", {"Bucket": "b", "Prefix": "p/", "MaxKeys": 5},
         {"s3:prefix": "p/", "s3:max-keys": "5"}),
        ("s3", "put_object", {"Bucket": "b", "Key": "k", "ACL": "private", "ObjectLockMode": "GOVERNANCE"},
         {"s3:x-amz-acl": "private", "s3:object-lock-mode": "GOVERNANCE"}),
        ("kms", "create_key", {"KeySpec": "RSA_2048", "MultiRegion": True, "BypassPolicyLockoutSafetyCheck": False},
         {"kms:keyspec": "RSA_2048", "kms:multiregion": "true", "kms:bypasspolicylockoutsafetycheck": "false"}),
        ("iam", "attach_user_policy", {"UserName": "u", "PolicyArn": "arn:aws:iam::aws:policy/P"},
         {"iam:policyarn": "arn:aws:iam::aws:policy/P"}),
    ],
)  # fmt: skip
def test_condition_keys_that_repeat_a_parameter_have_its_value(service, method, parameters, context):
    need, *_ = actions.needs(service, method, HERE, parameters)
    assert {key: need.context.get(key) for key in context} == context


def test_a_short_name_is_no_value_of_a_key_that_is_an_arn():
    parameters = {"cluster": "c", "taskDefinition": "t"}
    assert all(need.context.get("ecs:cluster") is None for need in actions.needs("ecs", "run_task", HERE, parameters))


def test_taking_tags_away_names_keys_alone():
    url = "http://127.0.0.1:4566/111122223333/q"
    (need,) = actions.needs("sqs", "untag_queue", HERE, {"QueueUrl": url, "TagKeys": ["Team"]})
    assert need.context == {"aws:tagkeys": ["Team"]}


def test_making_something_with_tags_needs_the_right_to_tag():
    assert [action for action, _ in needed("sqs", "create_queue", QueueName="q", tags={"a": "b"})] == [
        "sqs:CreateQueue",
        "sqs:TagQueue",
    ]
    assert [action for action, _ in needed("sqs", "create_queue", QueueName="q")] == ["sqs:CreateQueue"]


def test_tagging_what_an_instance_is_made_of_needs_the_right_for_each_kind():
    specifications = [{"ResourceType": kind, "Tags": [{"Key": "a", "Value": "b"}]} for kind in ("instance", "volume")]
    needs = actions.needs("ec2", "run_instances", HERE, {"ImageId": "ami-1", "TagSpecifications": specifications})
    tagging = [need for need in needs if need.action == "ec2:CreateTags"]
    assert [need.resource for need in tagging] == [ARN.format("ec2", "instance/*"), ARN.format("ec2", "volume/*")]
    assert {need.context.get("ec2:createaction") for need in tagging} == {"RunInstances"}


def test_handing_over_a_role_needs_the_right_to_pass_it():
    *_, need = actions.needs("lambda", "create_function", HERE, {"FunctionName": "f", "Role": ROLE})
    assert (need.action, need.resource) == ("iam:PassRole", ROLE)
    assert need.context == {"iam:passedtoservice": "lambda.amazonaws.com"}


def test_what_clients_do_not_sign_or_aws_lets_everybody_do_needs_nothing():
    assert needed("sts", "get_caller_identity") == []
    assert needed("sts", "get_session_token") == []
    assert needed("sts", "assume_role_with_web_identity", RoleArn=ROLE) == []
    assert needed("sts", "assume_role", RoleArn=ROLE) == [("sts:AssumeRole", ROLE)]


def test_a_method_that_no_model_describes_is_refused_to_all_who_are_not_told():
    assert only("sqs", "no_such_thing") == ("sqs:NoSuchThing", "*")


@pytest.mark.parametrize("parameters", [{"InstanceIds": "i-1"}, {"InstanceIds": [1, None, {}]}, {"InstanceIds": {}}])
def test_parameters_of_wrong_types_name_nothing(parameters):
    assert only("ec2", "terminate_instances", **parameters)[1] == "arn:aws:ec2:eu-west-1:111122223333:instance/*"


def test_every_exception_is_about_an_operation_that_exists():
    for kind in (exceptions.OPERATIONS, exceptions.PARTS):
        for service, named in kind.items():
            assert set(named) <= set(models.load(service).operations), service
    for service, free in exceptions.FREE.items():
        assert free - {"*"} <= set(models.load(service).operations)
    assert set(exceptions.PREFIXES) <= set(models.names())


def test_every_exception_leads_to_an_action_that_is_published():
    named = {a for table in exceptions.OPERATIONS.values() for each in table.values() for a in each}
    parts = {a for table in exceptions.PARTS.values() for each in table.values() for a, _ in each}
    tagging = {*exceptions.TAGGING.values(), *exceptions.IAM_TAGGING.values()}
    assert sorted(a for a in named | parts | tagging if actions.action(a) is None) == []
    passing = {f"{prefix}:{name}" for prefix, names in exceptions.PASSING.items() for name in names}
    assert sorted(a for a in passing if actions.action(a) is None) == []


def test_every_part_names_a_member_that_exists():
    for service, operations in exceptions.PARTS.items():
        model = models.load(service)
        for name, parts in operations.items():
            known = set(paths.leaves(model, model.operations[name].input))
            assert {path for _, path in parts if path} <= known


@pytest.mark.parametrize("service", ["sqs", "sns", "s3", "iam", "sts", "kms", "dynamodb", "lambda", "ec2", "events"])
def test_every_operation_can_be_asked_about(service):
    for method in models.load(service).methods:
        for need in actions.needs(service, method, HERE, {}):
            assert need.action.partition(":")[0] and need.resource


def test_actions_are_known_with_what_they_do():
    sending = actions.action("SQS:sendmessage")
    assert sending is not None
    assert (sending.name, sending.level) == ("SendMessage", Level.WRITE)
    assert [(on.type.name, on.required) for on in sending.resources] == [("queue", True)]
    assert actions.action("sqs:NoSuchThing") is None
    assert actions.action("nonsense") is None
    assert "iam:PassRole" in actions.action("ec2:RunInstances").depends_on


def test_access_levels():
    assert actions.levels("s3")["ListBucket"] is Level.LIST
    assert actions.levels("sqs")["AddPermission"] is Level.PERMISSIONS
    assert actions.levels("sqs")["TagQueue"] is Level.TAGGING
    assert actions.levels("nonsense") == {}


def test_patterns_name_actions():
    assert actions.expand("s3:getbucketac*") == ["s3:GetBucketAcl"]
    assert actions.expand("SQS:Send?essage") == ["sqs:SendMessage"]
    assert set(actions.expand("sqs:*")) == {f"sqs:{name}" for name in actions.levels("sqs")}
    assert len(actions.expand("*")) == sum(len(actions.levels(prefix)) for prefix in actions.prefixes())
    assert actions.expand("nonsense:*") == actions.expand("sqs") == actions.expand("s3:Get[A-Z]*") == []


def test_condition_keys_are_known():
    assert actions.exists("s3", "s3:ExistingObjectTag/colour")
    assert actions.exists("s3", "s3:existingobjecttag/Colour")
    assert actions.exists("sqs", "aws:SourceIp")
    assert actions.exists("sqs", "aws:PrincipalTag/team")
    assert not actions.exists("sqs", "s3:prefix")
    assert not actions.exists("s3", "s3:ExistingObjectTag/")
    assert not actions.exists("sqs", "aws:NoSuchKey")


def test_importing_reads_no_data():
    code = (
        "from cumulet.kernel.actions import catalogue, operations;"
        "assert catalogue._packed.cache_info().currsize == 0;"
        "catalogue.service('sqs');"
        "assert catalogue.service.cache_info().currsize == 1"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
