"""The older query protocol, at the queue's own URL and elsewhere, and the command line."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import subprocess
import time
from contextlib import closing
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import pytest

NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


@pytest.fixture
def ask(shared_cloud, account):
    """Send a request of the query protocol; returns the status and the answer's XML."""

    def call(path: str, method: str = "POST", host: str | None = None, region: str = "us-east-1", **fields: str):
        place = urlsplit(shared_cloud.url)
        form = urlencode({"Version": "2012-11-05", **fields})
        day = time.strftime("%Y%m%d", time.gmtime())
        headers = {
            "Host": host or place.netloc,
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/{day}/{region}/sqs/aws4_request, "
            f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
        }
        query, body = (f"{path}?{form}", None) if method == "GET" else (path, form)
        with closing(http.client.HTTPConnection(place.netloc)) as connection:
            connection.request(method, query, body, headers)
            answer = connection.getresponse()
            return answer.status, ElementTree.fromstring(answer.read())

    return call


def texts(answer: ElementTree.Element, name: str) -> list[str | None]:
    return [each.text for each in answer.iter(NAMESPACE + name)]


@pytest.mark.spec("integration:SQS-02")
def test_a_queue_is_used_by_requests_to_its_own_url(ask, account):
    status, created = ask(
        "/", Action="CreateQueue", QueueName="forms", **{"Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "0"}
    )
    assert status == 200
    (url,) = texts(created, "QueueUrl")
    path = urlsplit(url).path
    assert path == f"/{account}/forms"

    attribute = {"MessageAttribute.1.Name": "a", "MessageAttribute.1.Value.DataType": "String"}
    attribute["MessageAttribute.1.Value.StringValue"] = "v"
    status, sent = ask(path, Action="SendMessage", MessageBody="a+b &é", **attribute)
    assert status == 200
    assert texts(sent, "MD5OfMessageBody") == [hashlib.md5("a+b &é".encode()).hexdigest()]

    status, received = ask(path, method="GET", Action="ReceiveMessage", **{"MessageAttributeName.1": "All"})
    assert (status, texts(received, "Body")) == (200, ["a+b &é"])
    assert texts(received, "StringValue") == ["v"]
    assert texts(received, "MD5OfMessageAttributes") == texts(sent, "MD5OfMessageAttributes")
    (receipt,) = texts(received, "ReceiptHandle")
    assert ask(path, Action="DeleteMessage", ReceiptHandle=receipt)[0] == 200

    status, shown = ask(path, Action="GetQueueAttributes", **{"AttributeName.1": "ApproximateNumberOfMessages"})
    assert (texts(shown, "Name"), texts(shown, "Value")) == (["ApproximateNumberOfMessages"], ["0"])


def test_batches_as_forms(ask, account):
    ask("/", Action="CreateQueue", QueueName="forms")
    batch = {}
    for n in (1, 2):
        batch |= {f"SendMessageBatchRequestEntry.{n}.Id": f"m{n}", f"SendMessageBatchRequestEntry.{n}.MessageBody": "a"}
    status, sent = ask(f"/{account}/forms", Action="SendMessageBatch", **batch)
    assert (status, texts(sent, "Id")) == (200, ["m1", "m2"])


def test_errors_bear_their_old_names(ask, account):
    status, refused = ask(f"/{account}/nothing", Action="SendMessage", MessageBody="a")
    assert (status, texts(refused, "Code")) == (400, ["AWS.SimpleQueueService.NonExistentQueue"])
    assert texts(refused, "Type") == ["Sender"]
    ask("/", Action="CreateQueue", QueueName="forms")
    status, refused = ask(f"/{account}/forms", Action="ReceiveMessage", MaxNumberOfMessages="11")
    assert (status, texts(refused, "Code")) == (400, ["InvalidParameterValue"])


@pytest.mark.parametrize(
    "host",
    ["sqs.eu-west-1.amazonaws.com", "eu-west-1.queue.amazonaws.com", "sqs.eu-west-1.localhost.localstack.cloud:4566"],
)
def test_the_host_of_a_url_names_the_region(ask, account, client, host):
    eu = client("sqs", region="eu-west-1")
    url = eu.create_queue(QueueName="there")["QueueUrl"]
    assert ask(f"/{account}/there", host=host, Action="SendMessage", MessageBody="a")[0] == 200
    assert ask(f"/queue/eu-west-1/{account}/there", Action="SendMessage", MessageBody="a")[0] == 200
    foreign = f"http://{host}/{account}/there"
    client("sqs").send_message(QueueUrl=foreign, MessageBody="a")
    assert len(eu.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 3


@pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS command line is not installed")
def test_the_command_line(shared_cloud, account):
    def aws(*arguments: str) -> dict:
        credentials = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        done = subprocess.run(
            ["aws", "--endpoint-url", shared_cloud.url, "--output", "json", "sqs", *arguments],
            env=os.environ | credentials, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return json.loads(done.stdout or "{}")

    url = aws("create-queue", "--queue-name", "shell", "--attributes", "DelaySeconds=0")["QueueUrl"]
    aws("send-message", "--queue-url", url, "--message-body", "hello")
    received = aws("receive-message", "--queue-url", url, "--wait-time-seconds", "5")["Messages"][0]
    assert received["Body"] == "hello"
    aws("delete-message", "--queue-url", url, "--receipt-handle", received["ReceiptHandle"])
