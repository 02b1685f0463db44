"""Cross-origin use of the API itself by browser SDKs. S3 buckets have CORS rules of their own (services/s3/cors.py)."""

from __future__ import annotations

from cumulet.gateway.http import Request, Response
from cumulet.gateway.origins import is_own_origin

_METHODS = "GET, PUT, POST, DELETE, HEAD, PATCH"
_EXPOSED = (
    "x-amzn-requestid, x-amzn-errortype, x-amzn-query-error, x-amz-request-id, x-amz-id-2, x-amz-crc32, date, etag, "
    "x-amz-version-id, content-range, x-amz-server-side-encryption"
)
_MAX_AGE_SECONDS = "172800"


def headers_for(request: Request, origins: tuple[str, ...]) -> dict[str, str]:
    """The headers by which a page of an own or allowed Origin may read the answer."""
    origin = request.headers.get("origin")
    if origin is None or not is_own_origin(origin, origins):
        return {}
    return {"access-control-allow-origin": origin, "access-control-expose-headers": _EXPOSED, "vary": "Origin"}


def preflight(request: Request, origins: tuple[str, ...]) -> Response:
    """The answer to a browser that asks whether it may call a service's API."""
    headers = headers_for(request, origins)
    if not headers:
        return Response(403)
    headers["access-control-allow-methods"] = _METHODS
    headers["access-control-allow-headers"] = request.headers.get("access-control-request-headers", "*")
    headers["access-control-max-age"] = _MAX_AGE_SECONDS
    return Response(200, list(headers.items()))
