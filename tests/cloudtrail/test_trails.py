"""Trails: what can be set, where they are seen, and what is refused."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.cloudtrail.conftest import make_bucket


@pytest.fixture
def bucket(s3, account) -> str:
    name = f"trail-files-{account}"
    make_bucket(s3, name, account, f"arn:aws:cloudtrail:us-east-1:{account}:trail/everything")
    return name


def refusal(call, **parameters) -> str:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


@pytest.mark.spec("integration:CTR-03")
def test_a_trail_is_told_as_it_was_made(cloudtrail, bucket, account):
    arn = f"arn:aws:cloudtrail:us-east-1:{account}:trail/everything"
    made = cloudtrail.create_trail(Name="everything", S3BucketName=bucket, IsMultiRegionTrail=True)
    shown = cloudtrail.get_trail(Name="everything")["Trail"]

    assert made["TrailARN"] == arn
    assert shown == {
        "Name": "everything",
        "S3BucketName": bucket,
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "HomeRegion": "us-east-1",
        "TrailARN": arn,
        "LogFileValidationEnabled": False,
        "HasCustomEventSelectors": False,
        "HasInsightSelectors": False,
        "IsOrganizationTrail": False,
    }
    assert cloudtrail.get_trail(Name=arn)["Trail"] == shown
    assert cloudtrail.describe_trails()["trailList"] == [shown]
    assert cloudtrail.list_trails()["Trails"] == [{"TrailARN": arn, "Name": "everything", "HomeRegion": "us-east-1"}]


def test_a_bucket_has_to_let_cloudtrail_in(cloudtrail, s3, bucket):
    s3.delete_bucket_policy(Bucket=bucket)

    assert refusal(cloudtrail.create_trail, Name="everything", S3BucketName=bucket) == (
        "InsufficientS3BucketPolicyException"
    )
    assert cloudtrail.describe_trails()["trailList"] == []


def test_a_bucket_may_let_in_one_trail_and_no_other(cloudtrail, bucket):
    refused = refusal(cloudtrail.create_trail, Name="another", S3BucketName=bucket)

    assert refused == "InsufficientS3BucketPolicyException"


def test_a_bucket_has_to_exist(cloudtrail, account):
    refused = refusal(cloudtrail.create_trail, Name="everything", S3BucketName=f"nowhere-{account}")

    assert refused == "S3BucketDoesNotExistException"


@pytest.mark.parametrize("name", ["ab", "a" * 129, "-trail", "trail-", "tr ail", "tr/ail"])
def test_names_that_no_trail_has(cloudtrail, bucket, name):
    assert refusal(cloudtrail.create_trail, Name=name, S3BucketName=bucket) == "InvalidTrailNameException"


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({"S3BucketName": "UPPER"}, "InvalidS3BucketNameException"),
        ({"S3KeyPrefix": "p" * 201}, "InvalidS3PrefixException"),
        ({"SnsTopicName": "no topic"}, "InvalidSnsTopicNameException"),
        ({"KmsKeyId": "no key"}, "InvalidKmsKeyIdException"),
        ({"KmsKeyId": "alias/nobody"}, "KmsKeyNotFoundException"),
        ({"CloudWatchLogsLogGroupArn": "group"}, "InvalidCloudWatchLogsLogGroupArnException"),
        (
            {"CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:g:*"},
            "InvalidCloudWatchLogsRoleArnException",
        ),
        ({"IsOrganizationTrail": True}, "OrganizationsNotInUseException"),
    ],
)
def test_settings_that_are_refused(cloudtrail, bucket, setting, code):
    wanted = {"Name": "everything", "S3BucketName": bucket, **setting}
    assert refusal(cloudtrail.create_trail, **wanted) == code


def test_a_name_is_taken_once(cloudtrail, bucket):
    cloudtrail.create_trail(Name="everything", S3BucketName=bucket)

    refused = refusal(cloudtrail.create_trail, Name="everything", S3BucketName=bucket)

    assert refused == "TrailAlreadyExistsException"


def test_an_unknown_trail_is_named_in_the_refusal(cloudtrail, account):
    with pytest.raises(ClientError, match=f"Unknown trail: arn:aws:cloudtrail:us-east-1:{account}:trail/nothing"):
        cloudtrail.get_trail(Name="nothing")


@pytest.mark.spec("integration:CTR-04")
def test_a_trail_of_all_regions_is_seen_everywhere_and_changed_at_home(client, cloudtrail, bucket):
    cloudtrail.create_trail(Name="everything", S3BucketName=bucket, IsMultiRegionTrail=True)
    elsewhere = client("cloudtrail", region="eu-west-1")

    assert elsewhere.get_trail(Name="everything")["Trail"]["HomeRegion"] == "us-east-1"
    assert len(elsewhere.describe_trails()["trailList"]) == 1
    assert elsewhere.describe_trails(includeShadowTrails=False)["trailList"] == []
    assert refusal(elsewhere.start_logging, Name="everything") == "InvalidHomeRegionException"


@pytest.mark.spec("integration:CTR-05")
def test_a_trail_of_one_region_is_seen_there_alone(client, cloudtrail, bucket):
    cloudtrail.create_trail(Name="everything", S3BucketName=bucket)
    elsewhere = client("cloudtrail", region="eu-west-1")

    assert elsewhere.describe_trails()["trailList"] == []
    assert refusal(elsewhere.get_trail, Name="everything") == "TrailNotFoundException"


def test_settings_change_and_go(cloudtrail, bucket):
    cloudtrail.create_trail(Name="everything", S3BucketName=bucket, SnsTopicName="news")

    changed = cloudtrail.update_trail(Name="everything", SnsTopicName="", IncludeGlobalServiceEvents=False)
    cloudtrail.delete_trail(Name="everything")

    assert "SnsTopicName" not in changed
    assert changed["IncludeGlobalServiceEvents"] is False
    assert refusal(cloudtrail.get_trail, Name="everything") == "TrailNotFoundException"


def test_an_update_tries_the_bucket_too(cloudtrail, bucket, account):
    cloudtrail.create_trail(Name="everything", S3BucketName=bucket)

    refused = refusal(cloudtrail.update_trail, Name="everything", S3BucketName=f"nowhere-{account}")

    assert refused == "S3BucketDoesNotExistException"
    assert cloudtrail.get_trail(Name="everything")["Trail"]["S3BucketName"] == bucket


def test_logging_starts_and_stops(cloudtrail, bucket):
    cloudtrail.create_trail(Name="everything", S3BucketName=bucket)
    made = cloudtrail.get_trail_status(Name="everything")
    cloudtrail.start_logging(Name="everything")
    started = cloudtrail.get_trail_status(Name="everything")
    cloudtrail.stop_logging(Name="everything")
    stopped = cloudtrail.get_trail_status(Name="everything")

    assert [made["IsLogging"], started["IsLogging"], stopped["IsLogging"]] == [False, True, False]
    assert "StartLoggingTime" not in made
    assert stopped["StopLoggingTime"] >= started["StartLoggingTime"]


def test_tags(cloudtrail, bucket):
    made = cloudtrail.create_trail(
        Name="everything", S3BucketName=bucket, TagsList=[{"Key": "team", "Value": "blue"}, {"Key": "old"}]
    )
    arn = made["TrailARN"]
    cloudtrail.add_tags(ResourceId=arn, TagsList=[{"Key": "team", "Value": "red"}])
    cloudtrail.remove_tags(ResourceId=arn, TagsList=[{"Key": "old"}])

    [listed] = cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"]

    assert listed == {"ResourceId": arn, "TagsList": [{"Key": "team", "Value": "red"}]}
    assert refusal(cloudtrail.list_tags, ResourceIdList=[arn + "s"]) == "ResourceNotFoundException"
    assert refusal(cloudtrail.list_tags, ResourceIdList=["arn"]) == "CloudTrailARNInvalidException"


def test_event_configurations_and_insight_selectors_are_kept(cloudtrail, bucket):
    cloudtrail.create_trail(Name="everything", S3BucketName=bucket)

    before = refusal(cloudtrail.get_insight_selectors, TrailName="everything")
    cloudtrail.put_insight_selectors(TrailName="everything", InsightSelectors=[{"InsightType": "ApiCallRateInsight"}])
    cloudtrail.put_event_configuration(TrailName="everything", MaxEventSize="Large")

    assert before == "InsightNotEnabledException"
    kept = cloudtrail.get_insight_selectors(TrailName="everything")["InsightSelectors"]
    assert kept == [{"InsightType": "ApiCallRateInsight"}]
    assert cloudtrail.get_event_configuration(TrailName="everything")["MaxEventSize"] == "Large"
    assert cloudtrail.get_trail(Name="everything")["Trail"]["HasInsightSelectors"] is True


def test_a_user_needs_permission_on_the_trail(client, shared_cloud, account, bucket, cloudtrail):
    cloudtrail.create_trail(Name="everything", S3BucketName=bucket)
    iam = client("iam")
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="one", PolicyDocument=_ALLOW % account)
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    ann = shared_cloud.client(
        "cloudtrail", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )

    assert ann.get_trail_status(Name="everything")["IsLogging"] is False
    assert refusal(ann.stop_logging, Name="everything") == "AccessDeniedException"


_ALLOW = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cloudtrail:GetTrailStatus",'
    '"Resource":"arn:aws:cloudtrail:us-east-1:%s:trail/everything"}]}'
)
