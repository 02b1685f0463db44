"""Amazon S3 as its clients see it. The operations are in api/, the rules in the modules named by nouns."""

from __future__ import annotations

from cumulet.services.s3.api.attributes import ObjectAttributes
from cumulet.services.s3.api.buckets import Buckets
from cumulet.services.s3.api.copies import Copies
from cumulet.services.s3.api.lifecycle import Lifecycle
from cumulet.services.s3.api.listings import Listings
from cumulet.services.s3.api.multipart import MultipartUploads
from cumulet.services.s3.api.notifications import Notifications
from cumulet.services.s3.api.object_lock import ObjectLock
from cumulet.services.s3.api.objects import Objects
from cumulet.services.s3.api.restores import Restores
from cumulet.services.s3.api.tagging import Tagging
from cumulet.services.s3.api.tiering import IntelligentTiering


class S3(
    Buckets,
    Objects,
    ObjectAttributes,
    Copies,
    MultipartUploads,
    Listings,
    Tagging,
    ObjectLock,
    Restores,
    Lifecycle,
    IntelligentTiering,
    Notifications,
):
    """Every operation; each noun has a class of its own."""
