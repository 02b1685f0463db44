"""Sample queries, to be found by words of what they tell, and run as they are with the ID of a store."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

LARGEST_PAGE = 20


class Sample(NamedTuple):
    name: str
    description: str
    sql: str


SAMPLES = (
    Sample(
        "Console sign-ins",
        "Everybody who signed in to the console, with or without a second factor (MFA), and from which address.",
        "SELECT eventTime, userIdentity.arn, sourceIPAddress, element_at(additionalEventData, 'MFAUsed') AS mfa "
        "FROM $EDS_ID WHERE eventName = 'ConsoleLogin' ORDER BY eventTime DESC",
    ),
    Sample(
        "Calls by the root user",
        "All activity of the root user of an account.",
        "SELECT eventTime, eventSource, eventName, sourceIPAddress FROM $EDS_ID WHERE userIdentity.type = 'Root' "
        "ORDER BY eventTime DESC",
    ),
    Sample(
        "Denied calls by caller",
        "Who was denied access, to what action, and how often: errors of permission.",
        "SELECT userIdentity.arn, eventSource, eventName, count(*) AS denials FROM $EDS_ID "
        "WHERE errorCode LIKE 'AccessDenied%' OR errorCode LIKE '%UnauthorizedOperation' GROUP BY 1, 2, 3 "
        "ORDER BY denials DESC",
    ),
    Sample(
        "Most used API actions",
        "The API calls that were made most often, by service.",
        "SELECT eventSource, eventName, count(*) AS calls FROM $EDS_ID GROUP BY eventSource, eventName "
        "ORDER BY calls DESC LIMIT 100",
    ),
    Sample(
        "Calls of one access key",
        "What was done with an access key; the key is the query's parameter.",
        "SELECT eventTime, eventSource, eventName, awsRegion, sourceIPAddress FROM $EDS_ID "
        "WHERE userIdentity.accessKeyId = ? ORDER BY eventTime",
    ),
    Sample(
        "Changed S3 bucket policies",
        "Who put or deleted the policy of an S3 bucket.",
        "SELECT eventTime, userIdentity.arn, eventName, element_at(requestParameters, 'bucketName') AS bucket "
        "FROM $EDS_ID WHERE eventSource = 's3.amazonaws.com' AND eventName IN ('PutBucketPolicy', "
        "'DeleteBucketPolicy') ORDER BY eventTime DESC",
    ),
    Sample(
        "Deleted S3 objects",
        "Who deleted which object of an S3 bucket; the store has to collect data events.",
        "SELECT eventTime, userIdentity.arn, element_at(requestParameters, 'bucketName') AS bucket, "
        "element_at(requestParameters, 'key') AS object FROM $EDS_ID WHERE eventName IN ('DeleteObject', "
        "'DeleteObjects') ORDER BY eventTime DESC",
    ),
    Sample(
        "Created IAM users and access keys",
        "New users, roles and access keys, and who created them.",
        "SELECT eventTime, userIdentity.arn, eventName, requestParameters FROM $EDS_ID "
        "WHERE eventSource = 'iam.amazonaws.com' AND eventName IN ('CreateUser', 'CreateRole', 'CreateAccessKey') "
        "ORDER BY eventTime DESC",
    ),
    Sample(
        "Assumed roles",
        "Which roles were assumed, by whom, and how often.",
        "SELECT element_at(requestParameters, 'roleArn') AS role, userIdentity.arn AS caller, count(*) AS times "
        "FROM $EDS_ID WHERE eventName LIKE 'AssumeRole%' GROUP BY 1, 2 ORDER BY times DESC",
    ),
    Sample(
        "Errors by hour",
        "How many calls failed in each hour, by error code.",
        "SELECT date_trunc('hour', eventTime) AS hour, errorCode, count(*) AS errors FROM $EDS_ID "
        "WHERE errorCode IS NOT NULL GROUP BY 1, 2 ORDER BY hour DESC",
    ),
    Sample(
        "Stopped or deleted trails",
        "Who stopped logging, or changed or deleted a trail or an event data store.",
        "SELECT eventTime, userIdentity.arn, eventName, requestParameters FROM $EDS_ID "
        "WHERE eventSource = 'cloudtrail.amazonaws.com' AND readOnly = false ORDER BY eventTime DESC",
    ),
    Sample(
        "Use of KMS keys",
        "Who encrypted or decrypted with which KMS key.",
        "SELECT eventTime, userIdentity.arn, eventName, resources[1].ARN AS key FROM $EDS_ID "
        "WHERE eventSource = 'kms.amazonaws.com' ORDER BY eventTime DESC",
    ),
)


def search(phrase: str) -> list[dict[str, Any]]:
    """The samples in which words of the phrase occur, those with most of them first."""
    words = {_stem(word) for word in re.findall(r"[a-z0-9]+", phrase.lower()) if len(word) > 1}
    found = []
    for sample in SAMPLES:
        said = {_stem(word) for word in re.findall(r"[a-z0-9]+", " ".join(sample).lower())}
        if words & said:
            relevance = len(words & said) / len(words)
            told = {"Name": sample.name, "Description": sample.description, "SQL": sample.sql, "Relevance": relevance}
            found.append(told)
    return sorted(found, key=lambda each: each["Relevance"], reverse=True)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
