"""What the tests of S3 Control share."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from cumulet.testing import LocalCloud


def at_aws(cloud: LocalCloud, service: str, account: str, region: str = "us-east-1", **options: Any) -> Any:
    """A client that speaks to AWS's own host names, behind which is the cloud: S3 Control and access points have names
    in which the account stands, which an address cannot have."""
    session = boto3.session.Session(aws_access_key_id=account, aws_secret_access_key="test", region_name=region)
    config = Config(retries={"max_attempts": 0}, parameter_validation=False)
    client = session.client(service, config=config, **options)

    def reroute(request: Any, **_: Any) -> None:
        host = urlsplit(request.url).netloc
        request.headers["Host"] = host
        request.url = request.url.replace(f"{urlsplit(request.url).scheme}://{host}", cloud.url, 1)

    client.meta.events.register("before-send", reroute)
    return client


@pytest.fixture
def s3control(shared_cloud: LocalCloud, account: str) -> Any:
    return at_aws(shared_cloud, "s3control", account)


@pytest.fixture
def bucket(s3: Any, account: str) -> str:
    """A fresh bucket of this test's account."""
    name = f"bucket-{account}"
    s3.create_bucket(Bucket=name)
    return name
