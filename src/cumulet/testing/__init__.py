"""A cloud inside the test process: one fixture, no ports to choose.

from cumulet.testing import cloud      # a pytest fixture

def test_upload(cloud):
    s3 = cloud.client("s3")            # a boto3 client in an account of its own
"""

from cumulet.testing.cloud import LocalCloud
from cumulet.testing.fixtures import cloud

__all__ = ["LocalCloud", "cloud"]
