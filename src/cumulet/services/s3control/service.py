"""Amazon S3 Control as its clients see it. The operations are in api/, the rules in the modules named by nouns."""

from __future__ import annotations

from cumulet.services.s3control.api.access_points import AccessPoints
from cumulet.services.s3control.api.jobs import Jobs
from cumulet.services.s3control.api.public_access import PublicAccess
from cumulet.services.s3control.api.storage_lens import StorageLens
from cumulet.services.s3control.api.tagging import Tagging


class S3Control(PublicAccess, AccessPoints, Jobs, StorageLens, Tagging):
    """Every operation; each noun has a class of its own."""
