"""One live cloud for each test process, a fresh account for each test, real boto3 clients."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.config import Config

from cumulet.testing import LocalCloud

pytest_plugins = ["tests.spec_report"]

_accounts = itertools.count(1)
_models = botocore.loaders.create_loader()
_CONFIG = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, parameter_validation=False)


@pytest.fixture(scope="session")
def shared_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """The cloud that tests share. It runs every rule twice, since rules must bear it; nobody may move its clock."""
    with LocalCloud(tmp_path_factory.mktemp("cloud"), run_rules_twice=True) as cloud:
        yield cloud


@pytest.fixture
def own_cloud(tmp_path) -> Iterator[LocalCloud]:
    """A cloud for one test alone: it may move the clock, stop it and start it again."""
    with LocalCloud(tmp_path / "cloud") as cloud:
        yield cloud


@pytest.fixture
def account() -> str:
    """An account number that no other test uses."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    return f"{worker:03}{next(_accounts):09}"


@pytest.fixture
def client(shared_cloud, account) -> Callable[..., Any]:
    """Makes boto3 clients of this test's account: `client("s3")`, `client("sqs", region="eu-west-1")`."""

    def make(service: str, **options: Any) -> Any:
        return connect(shared_cloud, service, account=options.pop("account", account), **options)

    return make


def connect(cloud: LocalCloud, service: str, *, account: str, region: str = "us-east-1", **options: Any) -> Any:
    """A boto3 client without retries and without its own validation: what we send is what the cloud sees."""
    config = _CONFIG.merge(options.pop("config", Config()))
    session = boto3.session.Session(
        aws_access_key_id=account, aws_secret_access_key="test", region_name=region, botocore_session=_session()
    )  # fmt: skip
    return session.client(service, endpoint_url=cloud.url, config=config, **options)


def _session() -> botocore.session.Session:
    """A session of its own that shares the models, which take long to read."""
    session = botocore.session.Session()
    session.register_component("data_loader", _models)
    return session


@pytest.fixture
def s3(client) -> Any:
    return client("s3")


@pytest.fixture
def sqs(client) -> Any:
    return client("sqs")
