"""What no model describes is on the record too: uploads by a form, and visits of a website."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

from tests.cloudtrail.conftest import lake, query, selector

PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::BUCKET/*"}


def open_bucket(s3, bucket: str) -> None:
    s3.create_bucket(Bucket=bucket)
    s3.delete_public_access_block(Bucket=bucket)
    text = json.dumps({"Version": "2012-10-17", "Statement": [PUBLIC]}).replace("BUCKET", bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=text)


def test_an_upload_by_a_form(cloudtrail, s3, account):
    bucket = f"forms-{account}"
    s3.create_bucket(Bucket=bucket)
    store = lake(cloudtrail, AdvancedEventSelectors=selector("Data", resources_type="AWS::S3::Object"))
    form = s3.generate_presigned_post(bucket, "from-a-form.txt")
    status = _post(form, b"hello")
    found = query(
        cloudtrail,
        "SELECT eventName, requestParameters['bucketName'] AS bucket, requestParameters['key'] AS name, eventCategory, "
        f"userIdentity.type AS who, eventJson FROM {store}",
    )

    assert status == 204
    told = json.loads(found[0].pop("eventJson"))
    assert found == [
        {"eventName": "PutObject", "bucket": bucket, "name": "from-a-form.txt", "eventCategory": "Data", "who": "Root"}
    ]
    assert form["fields"]["x-amz-signature" if "x-amz-signature" in form["fields"] else "signature"] not in str(told)


def _post(form, body: bytes) -> int:
    parts = [
        *(f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in form["fields"].items()),
        f'Content-Disposition: form-data; name="file"; filename="x"\r\n\r\n{body.decode()}',
    ]
    text = "".join(f"--edge\r\n{part}\r\n" for part in parts) + "--edge--\r\n"
    url = urlsplit(form["url"])
    connection = http.client.HTTPConnection(url.netloc)
    connection.request("POST", url.path, text.encode(), {"Content-Type": "multipart/form-data; boundary=edge"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_visits_of_a_website(cloudtrail, s3, account):
    bucket = f"site-{account}"
    open_bucket(s3, bucket)
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"hello")
    store = lake(cloudtrail, AdvancedEventSelectors=selector("Data", resources_type="AWS::S3::Object"))
    statuses = [_visit(s3, bucket, path) for path in ("/index.html", "/gone.html")]
    found = query(
        cloudtrail,
        "SELECT eventName, requestParameters['key'] AS name, errorCode, userIdentity.type AS who "
        f"FROM {store} ORDER BY name DESC",
    )

    assert statuses == [200, 403]
    assert found[0] == {"eventName": "GetObject", "name": "index.html", "errorCode": "", "who": "AWSAccount"}
    assert found[1] == {"eventName": "GetObject", "name": "gone.html", "errorCode": "AccessDenied", "who": "AWSAccount"}


def _visit(s3, bucket: str, path: str) -> int:
    url = urlsplit(s3.meta.endpoint_url)
    connection = http.client.HTTPConnection(url.netloc)
    connection.request("GET", path, headers={"Host": f"{bucket}.s3-website.localhost:{url.port}"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_stranger_who_is_refused_is_on_the_owners_record(cloudtrail, s3, account):
    bucket = f"closed-to-strangers-{account}"
    s3.create_bucket(Bucket=bucket)
    store = lake(cloudtrail, AdvancedEventSelectors=selector("Data", resources_type="AWS::S3::Object"))
    url = urlsplit(s3.meta.endpoint_url)
    connection = http.client.HTTPConnection(url.netloc)
    connection.request("GET", f"/{bucket}/secret.txt")
    status = connection.getresponse().status
    connection.close()
    found = query(
        cloudtrail, f"SELECT eventName, errorCode, userIdentity.accountId AS who, resources[1].ARN AS what FROM {store}"
    )

    assert status == 403
    assert found == [
        {
            "eventName": "GetObject",
            "errorCode": "AccessDenied",
            "who": "ANONYMOUS_PRINCIPAL",
            "what": f"arn:aws:s3:::{bucket}/secret.txt",
        }
    ]
