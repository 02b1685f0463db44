"""Amazon S3 as its clients see it. The operations are in api/, the rules in the modules named by nouns."""

from __future__ import annotations

from cumulet.kernel.blobs import Blobs
from cumulet.kernel.store import Transaction
from cumulet.services.s3 import resets
from cumulet.services.s3.api.abac import Abac
from cumulet.services.s3.api.access_logs import AccessLogs
from cumulet.services.s3.api.access_points import AccessPoints
from cumulet.services.s3.api.acls import Acls
from cumulet.services.s3.api.analytics import Analytics
from cumulet.services.s3.api.annotations import ObjectAnnotations
from cumulet.services.s3.api.attributes import ObjectAttributes
from cumulet.services.s3.api.bucket_encryption import BucketEncryption
from cumulet.services.s3.api.buckets import Buckets
from cumulet.services.s3.api.copies import Copies
from cumulet.services.s3.api.forms import Forms
from cumulet.services.s3.api.inventory import Inventory
from cumulet.services.s3.api.lifecycle import Lifecycle
from cumulet.services.s3.api.listings import Listings
from cumulet.services.s3.api.metadata_tables import MetadataTables
from cumulet.services.s3.api.metrics import Metrics
from cumulet.services.s3.api.multipart import MultipartUploads
from cumulet.services.s3.api.notifications import Notifications
from cumulet.services.s3.api.object_encryption import ObjectEncryption
from cumulet.services.s3.api.object_lock import ObjectLock
from cumulet.services.s3.api.objects import Objects
from cumulet.services.s3.api.policies import Policies
from cumulet.services.s3.api.public_access import PublicAccess
from cumulet.services.s3.api.replication import Replication
from cumulet.services.s3.api.request_payment import RequestPayment
from cumulet.services.s3.api.restores import Restores
from cumulet.services.s3.api.selections import Selections
from cumulet.services.s3.api.superseded import Superseded
from cumulet.services.s3.api.tagging import Tagging
from cumulet.services.s3.api.tiering import IntelligentTiering
from cumulet.services.s3.api.websites import Websites

_DIRECTORY_BUCKETS = "Cumulet has no directory buckets (S3 Express One Zone) yet, and this operation is for them alone."
_ABSENT = {
    "create_session": _DIRECTORY_BUCKETS,
    "rename_object": _DIRECTORY_BUCKETS,
    "list_directory_buckets": _DIRECTORY_BUCKETS,
    "write_get_object_response": "Cumulet has no S3 Object Lambda yet, and this operation answers for it alone.",
    "get_object_torrent": "Amazon S3 gave up BitTorrent in 2022, and Cumulet never began with it.",
}

_DATA_OPERATIONS = frozenset(
    {
        "abort_multipart_upload", "complete_multipart_upload", "copy_object", "create_multipart_upload",
        "create_session", "delete_object", "delete_object_annotation", "delete_object_tagging", "delete_objects",
        "get_object", "get_object_acl", "get_object_annotation", "get_object_attributes", "get_object_legal_hold",
        "get_object_retention", "get_object_tagging", "head_bucket", "head_object", "list_multipart_uploads",
        "list_object_annotations", "list_object_versions", "list_objects", "list_objects_v2", "list_parts",
        "post_object", "put_object", "put_object_acl", "put_object_annotation", "put_object_legal_hold",
        "put_object_retention", "put_object_tagging", "rename_object", "restore_object", "select_object_content",
        "update_object_encryption", "upload_part", "upload_part_copy", "website",
    }
)  # fmt: skip
"""S3 User Guide, "Amazon S3 CloudTrail events": the object-level actions, and listings among them."""
_UNMODELLED = {"post_object": "PutObject", "website": "GetObject"}


class S3(
    Buckets,
    Policies,
    PublicAccess,
    Acls,
    Websites,
    AccessLogs,
    RequestPayment,
    Forms,
    Objects,
    ObjectAttributes,
    ObjectAnnotations,
    Copies,
    MultipartUploads,
    Listings,
    Tagging,
    ObjectLock,
    Restores,
    Superseded,
    Lifecycle,
    IntelligentTiering,
    Replication,
    Notifications,
    BucketEncryption,
    ObjectEncryption,
    Selections,
    Inventory,
    Analytics,
    Metrics,
    MetadataTables,
    Abac,
    AccessPoints,
):
    """Every operation; each noun has a class of its own."""

    absent = _ABSENT
    data_operations = _DATA_OPERATIONS
    unmodelled = _UNMODELLED

    @classmethod
    def reset(cls, tx: Transaction, blobs: Blobs, account: str | None) -> None:
        if account is None:
            super().reset(tx, blobs, None)
        else:
            resets.forget_account(tx, blobs, account)
