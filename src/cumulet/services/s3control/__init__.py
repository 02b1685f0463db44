"""Amazon S3 Control: what concerns whole accounts and many objects at once.

Works: the public access block of an account, access points, S3 Batch Operations, tags of buckets and access points.
Kept and returned only: S3 Storage Lens configurations. Missing, and answered as NotImplemented: Object Lambda,
multi-region access points, S3 on Outposts, access grants, Storage Lens groups, access points of directory buckets."""

from cumulet.services.s3control.service import S3Control

__all__ = ["S3Control"]
