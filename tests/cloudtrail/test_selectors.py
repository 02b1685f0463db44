"""Event selectors: what is kept of them, what is refused, and what they take."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from cumulet.services.cloudtrail import selectors
from tests.cloudtrail.conftest import make_bucket

_EVENT = {
    "eventCategory": "Management",
    "eventName": "CreateUser",
    "eventSource": "iam.amazonaws.com",
    "eventType": "AwsApiCall",
    "readOnly": False,
    "managementEvent": True,
    "userIdentity": {"arn": "arn:aws:iam::111122223333:user/ann"},
}
_OF_KMS = {**_EVENT, "eventSource": "kms.amazonaws.com"}
_DATA = {
    **_EVENT,
    "eventCategory": "Data",
    "eventName": "GetObject",
    "eventSource": "s3.amazonaws.com",
    "readOnly": True,
    "managementEvent": False,
    "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::photos/cats/tom.png"}],
}


@pytest.fixture
def trail(cloudtrail, s3, account) -> str:
    name = f"selector-files-{account}"
    make_bucket(s3, name, account, f"arn:aws:cloudtrail:us-east-1:{account}:trail/everything")
    return cloudtrail.create_trail(Name="everything", S3BucketName=name)["TrailARN"]


def test_a_trail_takes_all_management_events_at_first(cloudtrail, trail):
    told = cloudtrail.get_event_selectors(TrailName="everything")

    assert told["TrailARN"] == trail
    assert told["EventSelectors"] == [
        {
            "ReadWriteType": "All",
            "IncludeManagementEvents": True,
            "DataResources": [],
            "ExcludeManagementEventSources": [],
        }
    ]


def test_one_kind_of_selectors_takes_the_place_of_the_other(cloudtrail, trail):
    advanced = [{"Name": "all", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
    cloudtrail.put_event_selectors(TrailName=trail, AdvancedEventSelectors=advanced)
    with_advanced = cloudtrail.get_event_selectors(TrailName=trail)
    custom = cloudtrail.get_trail(Name=trail)["Trail"]["HasCustomEventSelectors"]
    cloudtrail.put_event_selectors(TrailName=trail, EventSelectors=[{"ReadWriteType": "ReadOnly"}])
    with_basic = cloudtrail.get_event_selectors(TrailName=trail)

    assert with_advanced["AdvancedEventSelectors"] == advanced
    assert "EventSelectors" not in with_advanced
    assert custom is True
    assert with_basic["EventSelectors"][0]["ReadWriteType"] == "ReadOnly"
    assert "AdvancedEventSelectors" not in with_basic


_CATEGORY = {"Field": "eventCategory", "Equals": ["Data"]}
_TYPE = {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"EventSelectors": []},
        {"EventSelectors": [{}] * 6},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::SQS::Queue", "Values": ["arn:aws:sqs"]}]}]},
        {"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"] * 251}]}]},
        {"EventSelectors": [{"ExcludeManagementEventSources": ["s3.amazonaws.com"]}]},
        {"AdvancedEventSelectors": []},
        {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventName", "Equals": ["A"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [_CATEGORY]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [_CATEGORY, _TYPE, {"Field": "color", "Equals": ["A"]}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [_CATEGORY, _TYPE, {"Field": "eventName"}]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [_CATEGORY, _TYPE, _TYPE]}]},
        {"AdvancedEventSelectors": [{"FieldSelectors": [_CATEGORY, {**_TYPE, "NotEquals": ["A"]}]}]},
        {
            "AdvancedEventSelectors": [
                {"FieldSelectors": [_CATEGORY, _TYPE, {"Field": "eventName", "Equals": ["A"] * 501}]}
            ]
        },
    ],
)
def test_selectors_that_are_refused(cloudtrail, trail, wanted):
    with pytest.raises(ClientError) as refused:
        cloudtrail.put_event_selectors(TrailName=trail, **wanted)
    assert refused.value.response["Error"]["Code"] == "InvalidEventSelectorsException"


@pytest.mark.parametrize(
    ("selector", "event", "taken"),
    [
        ({}, _EVENT, True),
        ({}, _DATA, False),
        ({"ReadWriteType": "ReadOnly"}, _EVENT, False),
        ({"ReadWriteType": "WriteOnly"}, _EVENT, True),
        ({"IncludeManagementEvents": False}, _EVENT, False),
        ({"ExcludeManagementEventSources": ["kms.amazonaws.com"]}, _OF_KMS, False),
        ({"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}, _DATA, True),
        ({"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::"]}]}, _DATA, True),
        ({"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::photos/"]}]}, _DATA, True),
        ({"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::photo"]}]}, _DATA, False),
        ({"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::other/"]}]}, _DATA, False),
        ({"DataResources": [{"Type": "AWS::Lambda::Function", "Values": ["arn:aws:lambda"]}]}, _DATA, False),
    ],
)  # fmt: skip
def test_what_basic_selectors_take(selector, event, taken):
    assert selectors.accepts(selectors.check_basic([selector]), ())(event) is taken


@pytest.mark.parametrize(
    ("field", "taken"),
    [
        ({"Field": "eventName", "Equals": ["PutObject", "GetObject"]}, True),
        ({"Field": "eventName", "StartsWith": ["Put"]}, False),
        ({"Field": "eventName", "StartsWith": ["Put"], "EndsWith": ["Object"]}, True),
        ({"Field": "eventName", "NotEquals": ["GetObject"]}, False),
        ({"Field": "eventName", "StartsWith": ["Get"], "NotEndsWith": ["Object"]}, False),
        ({"Field": "eventName", "NotStartsWith": ["Put", "Delete"]}, True),
        ({"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::photos/cats/"]}, True),
        ({"Field": "resources.ARN", "NotStartsWith": ["arn:aws:s3:::photos/cats/"]}, False),
        ({"Field": "readOnly", "Equals": ["false"]}, False),
        ({"Field": "userIdentity.arn", "EndsWith": ["user/ann"]}, True),
        ({"Field": "errorCode", "Equals": ["AccessDenied"]}, False),
        ({"Field": "errorCode", "NotEquals": ["AccessDenied"]}, True),
    ],
)
def test_what_advanced_selectors_take(field, taken):
    selector = {"FieldSelectors": [_CATEGORY, _TYPE, field]}
    assert selectors.accepts((), selectors.check_advanced([selector]))(_DATA) is taken
