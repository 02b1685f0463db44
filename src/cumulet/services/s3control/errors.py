"""The refusals of Amazon S3 Control, in its own words. Source: recorded answers; S3 API Reference, S3 Control."""

from __future__ import annotations

from cumulet.kernel.errors import AccessDenied, ServiceError

__all__ = ["AccessDenied"]


class InvalidRequest(ServiceError):
    status = 400


class InvalidURI(ServiceError):
    message = "Couldn't parse the specified URI."
    status = 400


class InvalidTag(ServiceError):
    status = 400


class InvalidArgument(ServiceError):
    status = 400


class MalformedXML(ServiceError):
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    status = 400


class NoSuchJob(ServiceError):
    message = "The specified job does not exist."
    status = 404


class JobStatusException(ServiceError):
    status = 409


class NoSuchConfiguration(ServiceError):
    message = "The specified configuration does not exist."
    status = 404


class TooManyTagsException(ServiceError):
    message = "You have exceeded the number of tags that a resource can have."
    status = 400
