"""Browser uploads. The rules are in ../forms.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from cumulet.kernel.service import RawAnswer
from cumulet.services.s3 import forms
from cumulet.services.s3.api.objects import Objects


class Forms(Objects):
    async def post_object(
        self, *, Bucket: str, Fields: dict[str, str], Body: bytes | AsyncIterator[bytes] = b""
    ) -> RawAnswer:
        """A form posted to a bucket: it becomes a PutObject, and its answer is for a browser."""
        parameters: dict[str, Any] = forms.as_put({"Bucket": Bucket, "Fields": Fields})
        key, given = parameters["Key"], {k: v for k, v in parameters.items() if k not in ("Bucket", "Key")}
        made = await self.store_object("ObjectCreated:Post", key, Body, given)
        endpoint = self.request.endpoint
        status, headers, body = forms.answer(Fields, Bucket, key, made["ETag"], endpoint)
        if "VersionId" in made:
            headers["x-amz-version-id"] = made["VersionId"]
        return RawAnswer(status=status, headers=headers, body=body)
