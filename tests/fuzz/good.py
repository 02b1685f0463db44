"""Parameters that operations accept, written by hand where the pseudo-random ones are refused too early."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

THERE: Any = object()
"""Stands for a thing of that name that the server has."""

_KEY_MD5 = b64encode(hashlib.md5(b"0123456789" * 3 + b"01").digest()).decode()
_LATER = datetime(2037, 1, 1, tzinfo=UTC)
_BUCKET = {"Bucket": THERE}
_OBJECT = {"Bucket": THERE, "Key": THERE}
_QUEUE = {"QueueUrl": THERE}
_ATTRIBUTES = {
    "text": {"DataType": "String", "StringValue": "v"},
    "number": {"DataType": "Number.int", "StringValue": "12"},
    "bytes": {"DataType": "Binary", "BinaryValue": b"\0\1"},
}
_FIFO = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
_TAGS = {"TagSet": [{"Key": "k", "Value": "v"}, {"Key": "k2", "Value": ""}]}
_DESTINATION = {"QueueArn": "arn:aws:sqs:us-east-1:000000000666:attackers-standard", "Events": ["s3:ObjectCreated:*"]}
_GRANTS = {
    "Owner": {"ID": "a" * 64},
    "Grants": [{"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"},
                "Permission": "READ"}],
}  # fmt: skip
_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "1", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["s3:GetObject"],
                "Resource": ["arn:aws:s3:::attackers-plain/*"],
                "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
                "DateLessThan": {"aws:CurrentTime": "2037-01-01"},
                              "NumericLessThan": {"s3:max-keys": "10"}, "Bool": {"aws:SecureTransport": "true"}},
            }
        ],
    }
)  # fmt: skip
_RULES = [
    {
        "ID": "r", "Status": "Enabled", "Filter": {"And": {"Prefix": "a", "Tags": [{"Key": "k", "Value": "v"}]}},
        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}], "Expiration": {"Days": 60},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 5, "NewerNoncurrentVersions": 3},
    },
    {
        "ID": "s", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Date": datetime(2037, 1, 1,
        tzinfo=UTC)},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    },
]  # fmt: skip

_S3: dict[str, list[dict[str, Any]]] = {
    "CreateBucket": [{"Bucket": "new-one"}, {"Bucket": "new-two", "ObjectLockEnabledForBucket": True},
                     {"Bucket": "new-three", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}],
    "ListBuckets": [{}, {"MaxBuckets": 1, "Prefix": "a", "BucketRegion": "us-east-1"}],
    "PutObject": [
        {**_OBJECT, "Body": b"x" * 100}, {**_OBJECT, "Body": b"y" * 30_000, "Metadata": {"a": "b"},
        "Tagging": "a=b&c=d"},
        {**_OBJECT, "Body": b"", "ContentType": "text/plain", "CacheControl": "no-cache", "Expires": _LATER},
        {**_OBJECT, "Body": b"z", "StorageClass": "GLACIER", "ServerSideEncryption": "AES256",
        "ChecksumAlgorithm": "CRC32"},
        {**_OBJECT, "Body": b"w", "IfNoneMatch": "*", "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": _LATER},
        {**_OBJECT, "Body": b"c", "SSECustomerAlgorithm": "AES256",
         "SSECustomerKey": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "SSECustomerKeyMD5": _KEY_MD5},
    ],
    "GetObject": [
        _OBJECT, {**_OBJECT, "Range": "bytes=1-3"}, {**_OBJECT, "IfMatch": '"x"', "IfModifiedSince": _LATER},
        {**_OBJECT, "ResponseContentType": "text/html", "ResponseExpires": _LATER, "ResponseContentDisposition": "a"},
        {**_OBJECT, "PartNumber": 1}, {**_OBJECT, "VersionId": THERE}, {**_OBJECT, "ChecksumMode": "ENABLED"},
    ],
    "HeadObject": [_OBJECT, {**_OBJECT, "Range": "bytes=-3"}, {**_OBJECT, "PartNumber": 2}],
    "DeleteObject": [{**_OBJECT, "Key": "new"}, {**_OBJECT, "VersionId": THERE, "BypassGovernanceRetention": True}],
    "DeleteObjects": [{**_BUCKET, "Delete": {"Objects": [{"Key": "new"}, {"Key": "b", "VersionId": "null"}],
    "Quiet": True}}],
    "CopyObject": [
        {**_OBJECT, "CopySource": THERE}, {**_OBJECT, "CopySource": THERE, "MetadataDirective": "REPLACE",
        "Metadata": {"q": "w"}},
        {**_OBJECT, "CopySource": THERE, "TaggingDirective": "REPLACE", "Tagging": "a=1", "CopySourceIfMatch": "x"},
    ],
    "ListObjects": [_BUCKET, {**_BUCKET, "Prefix": "d", "Delimiter": "/", "Marker": "a", "MaxKeys": 1,
    "EncodingType": "url"}],
    "ListObjectsV2": [_BUCKET, {**_BUCKET, "Prefix": "", "Delimiter": "/", "StartAfter": "a", "MaxKeys": 2,
    "FetchOwner": True}],
    "ListObjectVersions": [_BUCKET, {**_BUCKET, "KeyMarker": "a", "VersionIdMarker": "null", "MaxKeys": 1}],
    "CreateMultipartUpload": [_OBJECT, {**_OBJECT, "ChecksumAlgorithm": "SHA256", "ChecksumType": "COMPOSITE"}],
    "UploadPart": [{**_OBJECT, "UploadId": THERE, "PartNumber": 1, "Body": b"p" * 20_000}],
    "UploadPartCopy": [{**_OBJECT, "UploadId": THERE, "PartNumber": 2, "CopySource": THERE,
    "CopySourceRange": "bytes=0-1"}],
    "CompleteMultipartUpload": [
        {**_OBJECT, "UploadId": THERE, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "x"}, {"PartNumber": 2,
        "ETag": "y"}]}}
    ],
    "AbortMultipartUpload": [{**_OBJECT, "UploadId": "x"}],
    "ListParts": [{**_OBJECT, "UploadId": THERE, "MaxParts": 1, "PartNumberMarker": 0}],
    "ListMultipartUploads": [_BUCKET, {**_BUCKET, "KeyMarker": "a", "UploadIdMarker": "b", "MaxUploads": 1,
    "Delimiter": "/"}],
    "GetObjectAttributes": [{**_OBJECT, "ObjectAttributes": ["ETag", "ObjectSize", "ObjectParts", "Checksum"],
    "MaxParts": 1}],
    "PutBucketTagging": [{**_BUCKET, "Tagging": _TAGS}],
    "PutObjectTagging": [{**_OBJECT, "Tagging": _TAGS}],
    "PutBucketPolicy": [{**_BUCKET, "Policy": _POLICY}],
    "PutBucketAcl": [{**_BUCKET, "AccessControlPolicy": _GRANTS}, {**_BUCKET, "ACL": "private"}],
    "PutObjectAcl": [{**_OBJECT, "AccessControlPolicy": _GRANTS}, {**_OBJECT, "GrantRead": 'id="a", emailAddress="b"'}],
    "PutBucketCors": [{**_BUCKET, "CORSConfiguration": {"CORSRules": [
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["http://*.a"], "AllowedHeaders": ["x-*"],
        "MaxAgeSeconds": 5}]}}],
    "PutBucketLifecycleConfiguration": [{**_BUCKET, "LifecycleConfiguration": {"Rules": _RULES}}],
    "PutBucketVersioning": [{**_BUCKET, "VersioningConfiguration": {"Status": "Enabled"}}],
    "PutBucketNotificationConfiguration": [{**_BUCKET, "NotificationConfiguration": {"QueueConfigurations": [
        {**_DESTINATION, "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "a"}]}}}]}}],
    "PutBucketEncryption": [{**_BUCKET, "ServerSideEncryptionConfiguration": {"Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}]}}],
    "PutPublicAccessBlock": [{**_BUCKET, "PublicAccessBlockConfiguration": {"BlockPublicAcls": False}}],
    "PutObjectLockConfiguration": [{**_BUCKET, "ObjectLockConfiguration": {
        "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}}],
    "PutObjectRetention": [{**_OBJECT, "Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": _LATER}}],
    "PutObjectLegalHold": [{**_OBJECT, "LegalHold": {"Status": "OFF"}}],
    "RestoreObject": [{**_OBJECT, "RestoreRequest": {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}}],
    "SelectObjectContent": [{**_OBJECT, "Expression": "select * from s3object s where s._1 = 1",
    "ExpressionType": "SQL",
                             "InputSerialization": {"CSV": {}}, "OutputSerialization": {"JSON": {}}}],
    "PutBucketWebsite": [{**_BUCKET, "WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"},
    "RoutingRules": [
        {"Condition": {"KeyPrefixEquals": "a"}, "Redirect": {"ReplaceKeyPrefixWith": "b"}}]}}],
    "PutBucketLogging": [{**_BUCKET, "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "attackers-plain",
    "TargetPrefix": "l/"}}}],
    "PutBucketIntelligentTieringConfiguration": [{**_BUCKET, "Id": "i", "IntelligentTieringConfiguration": {
        "Id": "i", "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}}],
    **{name: [_BUCKET] for name in (
        "HeadBucket", "GetBucketLocation", "GetBucketTagging", "GetBucketAcl", "GetBucketPolicy",
        "GetBucketPolicyStatus",
        "GetBucketCors", "GetBucketLifecycleConfiguration", "GetBucketVersioning", "GetObjectLockConfiguration",
        "GetBucketNotificationConfiguration", "GetBucketWebsite", "GetPublicAccessBlock", "GetBucketEncryption")},
    **{name: [_OBJECT] for name in ("GetObjectTagging", "GetObjectAcl", "GetObjectRetention", "GetObjectLegalHold")},
}  # fmt: skip

_SQS: dict[str, list[dict[str, Any]]] = {
    "CreateQueue": [
        {"QueueName": "other"}, {"QueueName": "other.fifo", "Attributes": {"FifoQueue": "true",
        "FifoThroughputLimit": "perQueue"}},
        {"QueueName": "third", "tags": {"a": "b"}, "Attributes": {"Policy": _POLICY.replace("s3:", "sqs:").replace(
            "arn:aws:s3:::attackers-plain/*", "arn:aws:sqs:us-east-1:000000000666:third"), "DelaySeconds": "5"}},
    ],
    "SendMessage": [
        {**_QUEUE, "MessageBody": "hello", "DelaySeconds": 0, "MessageAttributes": _ATTRIBUTES}, {**_QUEUE,
        "MessageBody": "x", **_FIFO},
        {**_QUEUE, "MessageBody": "t", "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String",
        "StringValue": "Root=1"}}},
    ],
    "SendMessageBatch": [{**_QUEUE, "Entries": [
        {"Id": "a", "MessageBody": "1", "MessageAttributes": _ATTRIBUTES}, {"Id": "b", "MessageBody": "2", **_FIFO}]}],
    "ReceiveMessage": [
        {**_QUEUE, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0, "WaitTimeSeconds": 0, "AttributeNames": ["All"]},
        {**_QUEUE, "MessageAttributeNames": ["t.*"], "MessageSystemAttributeNames": ["SentTimestamp"],
        "ReceiveRequestAttemptId": "a"},
    ],
    "DeleteMessage": [{**_QUEUE, "ReceiptHandle": THERE}],
    "DeleteMessageBatch": [{**_QUEUE, "Entries": [{"Id": "a", "ReceiptHandle": "h"}]}],
    "ChangeMessageVisibility": [{**_QUEUE, "ReceiptHandle": THERE, "VisibilityTimeout": 30}],
    "ChangeMessageVisibilityBatch": [{**_QUEUE, "Entries": [{"Id": "a", "ReceiptHandle": "h",
    "VisibilityTimeout": 3}]}],
    "SetQueueAttributes": [
        {**_QUEUE, "Attributes": {"VisibilityTimeout": "30"}}, {**_QUEUE, "Attributes": {"MaximumMessageSize": "2048"}},
        {**_QUEUE, "Attributes": {"RedrivePolicy": json.dumps(
            {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000666:attackers-standard", "maxReceiveCount": 5})}},
        {**_QUEUE, "Attributes": {"RedriveAllowPolicy": json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [
            "arn:aws:sqs:us-east-1:000000000666:attackers-standard"]})}},
        {**_QUEUE, "Attributes": {"Policy": _POLICY.replace("s3:", "sqs:")}},
    ],
    "GetQueueAttributes": [{**_QUEUE, "AttributeNames": ["All"]}],
    "GetQueueUrl": [{"QueueName": THERE}, {"QueueName": THERE, "QueueOwnerAWSAccountId": "000000000666"}],
    "ListQueues": [{}, {"QueueNamePrefix": "a", "MaxResults": 1, "NextToken": "x"}],
    "ListDeadLetterSourceQueues": [{**_QUEUE, "MaxResults": 1, "NextToken": "x"}],
    "AddPermission": [{**_QUEUE, "Label": "l", "AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"]}],
    "RemovePermission": [{**_QUEUE, "Label": "l"}],
    "TagQueue": [{**_QUEUE, "Tags": {"a": "b"}}],
    "UntagQueue": [{**_QUEUE, "TagKeys": ["a"]}],
    "PurgeQueue": [_QUEUE],
    "StartMessageMoveTask": [{"SourceArn": "arn:aws:sqs:us-east-1:000000000666:attackers-standard",
    "MaxNumberOfMessagesPerSecond": 5}],
    "ListMessageMoveTasks": [{"SourceArn": "arn:aws:sqs:us-east-1:000000000666:attackers-standard", "MaxResults": 1}],
    "CancelMessageMoveTask": [{"TaskHandle": "eyJ0YXNrSWQiOiJhIn0="}],
}  # fmt: skip

GOOD = {"s3": _S3, "sqs": _SQS}
