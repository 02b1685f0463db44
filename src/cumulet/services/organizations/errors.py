"""The refusals of Organizations, in AWS's words. Where one error has many causes, its Reason tells which."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class AccessDeniedException(ServiceError):
    message = "You don't have permissions to access this resource."


class AWSOrganizationsNotInUseException(ServiceError):
    message = "Your account is not a member of an organization."


class AlreadyInOrganizationException(ServiceError):
    message = "The AWS account is already a member of an organization."


class OrganizationNotEmptyException(ServiceError):
    message = "To delete an organization you must first remove all member accounts (except the master)."


class MasterCannotLeaveOrganizationException(ServiceError):
    message = "The master account cannot leave its organization. To do this, delete the organization."


class AccountNotFoundException(ServiceError):
    message = "You specified an account that doesn't exist."


class AccountAlreadyClosedException(ServiceError):
    message = "You attempted to close an account that is already closed."


class ConflictException(ServiceError):
    message = "The request failed because it conflicts with the current state of the specified resource."


class CreateAccountStatusNotFoundException(ServiceError):
    message = "You specified a create account request that doesn't exist."


class RootNotFoundException(ServiceError):
    message = "You specified a root that doesn't exist."


class OrganizationalUnitNotFoundException(ServiceError):
    message = "You specified an organizational unit that doesn't exist."


class OrganizationalUnitNotEmptyException(ServiceError):
    message = "Specified OrganizationalUnit is not empty."


class DuplicateOrganizationalUnitException(ServiceError):
    message = "An OU with the same name already exists."


class ParentNotFoundException(ServiceError):
    message = "You specified a parent that doesn't exist."


class SourceParentNotFoundException(ServiceError):
    message = "You specified a source parent that doesn't exist."


class DestinationParentNotFoundException(ServiceError):
    message = "You specified a destination parent that doesn't exist."


class ChildNotFoundException(ServiceError):
    message = "You specified a child that doesn't exist."


class DuplicateAccountException(ServiceError):
    message = "The account is already in the destination that you specified."


class TargetNotFoundException(ServiceError):
    message = "You specified a target that doesn't exist."


class PolicyNotFoundException(ServiceError):
    message = "You specified a policy that doesn't exist."


class DuplicatePolicyException(ServiceError):
    message = "A policy with the same name already exists."


class DuplicatePolicyAttachmentException(ServiceError):
    message = "The specified policy is already attached to the specified target."


class PolicyNotAttachedException(ServiceError):
    message = "The specified policy is not attached to the specified target."


class PolicyInUseException(ServiceError):
    message = (
        "The policy is attached to one or more entities. You must detach it from all roots, organizational units, and "
        "accounts before performing this operation."
    )


class PolicyTypeNotEnabledException(ServiceError):
    message = "This operation can be performed only for enabled policy types."


class PolicyTypeAlreadyEnabledException(ServiceError):
    message = "The specified policy type is already enabled."


class PolicyTypeNotAvailableForOrganizationException(ServiceError):
    message = "You can't use the specified policy type with the feature set currently enabled for this organization."


class MalformedPolicyDocumentException(ServiceError):
    message = "The provided policy document does not meet the requirements of the specified policy type."


class EffectivePolicyNotFoundException(ServiceError):
    message = "If you ran this action on the management account, this policy type is not enabled."


class ResourcePolicyNotFoundException(ServiceError):
    message = "We can't find a resource policy in your organization."


class HandshakeNotFoundException(ServiceError):
    message = "We can't find a handshake with the HandshakeId that you specified."


class HandshakeAlreadyInStateException(ServiceError):
    message = "The specified handshake is already in the requested state."


class InvalidHandshakeTransitionException(ServiceError):
    message = "You can't perform the operation on the handshake in its current state."


class DuplicateHandshakeException(ServiceError):
    message = "A handshake with the same action and target already exists."


class AccountAlreadyRegisteredException(ServiceError):
    message = "The provided account is already a delegated administrator for your organization."


class AccountNotRegisteredException(ServiceError):
    message = "The provided account is not a registered delegated administrator for your organization."


class ResponsibilityTransferNotFoundException(ServiceError):
    message = "We can't find a transfer that you specified."


class ResponsibilityTransferAlreadyInStatusException(ServiceError):
    message = "The responsibility transfer is already in the status that you specified."


class _WithReason(ServiceError):
    """An error that names its cause in a member of its own."""

    words: dict[str, str] = {}  # noqa: RUF012 - never changed

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or self.words[reason], Reason=reason)


class ConstraintViolationException(_WithReason):
    words = {  # noqa: RUF012
        "ACCOUNT_CREATION_NOT_COMPLETE": "The account is still being created.",
        "ACCOUNT_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of AWS accounts.",
        "OU_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of organizational units.",
        "OU_DEPTH_LIMIT_EXCEEDED": "You have exceeded the organizational unit depth limit.",
        "POLICY_NUMBER_LIMIT_EXCEEDED": "You have exceeded the number of policies in your organization.",
        "POLICY_CONTENT_LIMIT_EXCEEDED": "You have exceeded the maximum policy size.",
        "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": (
            "You have attached the maximum number of policies to the specified target."
        ),
        "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED": (
            "You cannot remove the last policy attached to the specified target. "
            "You must have at least one attached at all times."
        ),
        "ORGANIZATION_NOT_IN_ALL_FEATURES_MODE": (
            "This operation requires that your organization has all features enabled."
        ),
        "WAIT_PERIOD_ACTIVE": "This operation requires a wait period. Try again later.",
        "MAX_TAG_LIMIT_EXCEEDED": "You have exceeded the number of tags allowed on this resource.",
        "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR": (
            "You cannot register master account/yourself as delegated administrator for your organization."
        ),
        "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR": (
            "You cannot register a suspended account as a delegated administrator."
        ),
        "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG": (
            "You can't remove an account that is a delegated administrator. Deregister it first."
        ),
        "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED": (
            "You have exceeded the number of delegated administrators allowed for the service principal."
        ),
        "SERVICE_ACCESS_NOT_ENABLED": "You must enable service access before you perform this operation.",
        "CANNOT_CLOSE_MANAGEMENT_ACCOUNT": "You can't close the management account with this operation.",
        "CLOSE_ACCOUNT_QUOTA_EXCEEDED": "You have exceeded close account quota for the past 30 days.",
        "CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED": (
            "You have exceeded the number of accounts that you can close at a time."
        ),
        "TRANSFER_RESPONSIBILITY_UPDATE_NOT_ALLOWED": "You can't update this transfer because it is no longer active.",
    }


class HandshakeConstraintViolationException(_WithReason):
    words = {  # noqa: RUF012
        "ACCOUNT_NUMBER_LIMIT_EXCEEDED": "You have exceeded the allowed number of AWS accounts.",
        "ALREADY_IN_AN_ORGANIZATION": "The account is already a member of an organization.",
        "HANDSHAKE_RATE_LIMIT_EXCEEDED": "You have exceeded the number of invitations that you can send in one day.",
        "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES": (
            "You can't invite accounts while your organization is in the process of enabling all features."
        ),
        "ORGANIZATION_ALREADY_HAS_ALL_FEATURES": "Your organization already has all features enabled.",
        "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION": (
            "Your organization has already started the process to enable all features."
        ),
        "RESPONSIBILITY_TRANSFER_ALREADY_EXISTS": "There is already a transfer between these accounts.",
        "SOURCE_AND_TARGET_CANNOT_MATCH": "An account can't transfer responsibility to itself.",
    }


class InvalidInputException(_WithReason):
    words = {  # noqa: RUF012
        "DUPLICATE_TAG_KEY": "Tag keys must be unique among the tags attached to the same entity.",
        "IMMUTABLE_POLICY": "You can't modify or delete a policy that is managed by AWS.",
        "INVALID_EMAIL_ADDRESS_TARGET": "You specified an invalid email address for the invited account owner.",
        "INVALID_ENUM": "You specified an invalid value.",
        "INVALID_ENUM_POLICY_TYPE": "You specified an invalid policy type string.",
        "INVALID_NEXT_TOKEN": "You specified an invalid value for the NextToken parameter.",
        "INVALID_PARTY_TYPE_TARGET": "You specified the wrong type of entity as a party.",
        "INVALID_PRINCIPAL": "You specified an invalid principal element in the policy.",
        "INVALID_RESOURCE_POLICY_JSON": "The resource policy is not valid JSON or not a valid policy.",
        "INVALID_ROLE_NAME": "You provided a role name that isn't valid.",
        "INVALID_SYSTEM_TAGS_PARAMETER": "You specified a tag key that is reserved for AWS use.",
        "INPUT_REQUIRED": "You must include a value for all required parameters.",
        "MAX_LIMIT_EXCEEDED_FILTER": "You can specify only one filter parameter for the operation.",
        "NON_DETACHABLE_POLICY": "You can't detach this AWS managed policy.",
        "TARGET_NOT_SUPPORTED": "You can't perform the specified operation on that target entity.",
        "UNRECOGNIZED_SERVICE_PRINCIPAL": "You specified an unrecognized service principal.",
        "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY": "You specified an action that a resource policy can't grant.",
        "START_DATE_NOT_BEGINNING_OF_DAY": "The start date must be the beginning of a day.",
        "START_DATE_NOT_BEGINNING_OF_MONTH": "The start date must be the first day of a month.",
        "START_DATE_TOO_EARLY": "The start date is too early.",
        "END_DATE_NOT_END_OF_MONTH": "The end date must be the end of the last day of a month.",
        "END_DATE_TOO_EARLY": "The end date is too early.",
    }


class AccessDeniedForDependencyException(ServiceError):
    message = (
        "The operation that you attempted requires you to have the iam:CreateServiceLinkedRole permission so that AWS "
        "Organizations can create the required service-linked role."
    )

    def __init__(self) -> None:
        super().__init__(Reason="ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE")
