"""Errors of DAX."""

from __future__ import annotations

from cumulet.kernel.errors import ServiceError


class ClusterAlreadyExistsFault(ServiceError):
    message = "Cluster already exists"


class ClusterNotFoundFault(ServiceError):
    message = "Cluster not found."


class InvalidClusterStateFault(ServiceError):
    message = "The cluster is not available."


class NodeNotFoundFault(ServiceError):
    message = "Node not found."


class NodeQuotaForClusterExceededFault(ServiceError):
    message = "A cluster has at most 11 nodes."


class InvalidParameterValueException(ServiceError):
    pass


class InvalidParameterCombinationException(ServiceError):
    pass


class InvalidARNFault(ServiceError):
    pass


class TagNotFoundFault(ServiceError):
    message = "The tag is not there."


class TagQuotaPerResourceExceeded(ServiceError):
    message = "A cluster has at most 50 tags."


class ParameterGroupAlreadyExistsFault(ServiceError):
    message = "Parameter group already exists."


class ParameterGroupNotFoundFault(ServiceError):
    message = "Parameter group not found."


class InvalidParameterGroupStateFault(ServiceError):
    message = "The parameter group is in use."


class ParameterGroupQuotaExceededFault(ServiceError):
    message = "There are at most 20 parameter groups."


class SubnetGroupAlreadyExistsFault(ServiceError):
    message = "Subnet group already exists."


class SubnetGroupNotFoundFault(ServiceError):
    message = "Subnet group not found."


class SubnetGroupInUseFault(ServiceError):
    message = "The subnet group is in use."


class SubnetGroupQuotaExceededFault(ServiceError):
    message = "There are at most 50 subnet groups."


class InvalidSubnet(ServiceError):
    pass
