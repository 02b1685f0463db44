"""What cannot be read from the models or the published reference: where an operation needs other actions than its
own, where AWS names a parameter otherwise than the resource, and which operations nobody has to be permitted.

Sources: the Service Authorization Reference's page of each service, unless said otherwise."""

from __future__ import annotations

from collections.abc import Mapping

PREFIXES: Mapping[str, str] = {
    # boto3's name of a service -> the prefix of its actions, where that is not the signing name
    "applicationcostprofiler": "application-cost-profiler",
    "cloudcontrol": "cloudformation",  # Cloud Control's actions are CloudFormation's
    "cloudwatch": "cloudwatch",  # signs as "monitoring", its old name
    "iot-data": "iot",  # signs as "iotdata"; Publish and the shadows are IoT's own actions
    "iot-jobs-data": "iotjobsdata",
    "iotsecuretunneling": "iot",
    "mturk": "mechanicalturk",
    "partnercentral-account": "partnercentral",
    "partnercentral-benefits": "partnercentral",
    "partnercentral-channel": "partnercentral",
    "partnercentral-selling": "partnercentral",
    "resourcegroupstaggingapi": "tag",  # signs as "tagging"
}

_MULTIPART = ("s3:PutObject",)  # the parts of an object are written like one (S3 User Guide, multipart permissions)

OPERATIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    # service -> operation -> the actions it needs, where that is not PREFIX:Operation
    "apigatewaymanagementapi": {  # one permission for all that is done with a connection (API Gateway guide)
        "DeleteConnection": ("execute-api:ManageConnections",),
        "GetConnection": ("execute-api:ManageConnections",),
        "PostToConnection": ("execute-api:ManageConnections",),
    },
    "bedrock-runtime": {  # conversations are invocations of the model
        "Converse": ("bedrock:InvokeModel",),
        "ConverseStream": ("bedrock:InvokeModelWithResponseStream",),
        "InvokeModelWithBidirectionalStream": ("bedrock:InvokeModel",),
        "StartAsyncInvoke": ("bedrock:InvokeModel",),
    },
    "bedrock-agent-runtime": {"RetrieveAndGenerateStream": ("bedrock:RetrieveAndGenerate",)},
    "budgets": {  # a budget is viewed or modified, whatever part of it
        "CreateBudget": ("budgets:ModifyBudget",),
        "CreateNotification": ("budgets:ModifyBudget",),
        "CreateSubscriber": ("budgets:ModifyBudget",),
        "DeleteBudget": ("budgets:ModifyBudget",),
        "DeleteNotification": ("budgets:ModifyBudget",),
        "DeleteSubscriber": ("budgets:ModifyBudget",),
        "DescribeBudget": ("budgets:ViewBudget",),
        "DescribeBudgetNotificationsForAccount": ("budgets:ViewBudget",),
        "DescribeBudgetPerformanceHistory": ("budgets:ViewBudget",),
        "DescribeBudgets": ("budgets:ViewBudget",),
        "DescribeNotificationsForBudget": ("budgets:ViewBudget",),
        "DescribeSubscribersForNotification": ("budgets:ViewBudget",),
        "UpdateBudget": ("budgets:ModifyBudget",),
        "UpdateNotification": ("budgets:ModifyBudget",),
        "UpdateSubscriber": ("budgets:ModifyBudget",),
    },
    "cloudfront": {  # "WithTags" makes the same thing; the tagging itself is asked for separately
        "CreateDistributionWithTags": ("cloudfront:CreateDistribution", "cloudfront:TagResource"),
        "CreateStreamingDistributionWithTags": ("cloudfront:CreateStreamingDistribution", "cloudfront:TagResource"),
        "ListDistributionsByOwnedResource": ("cloudfront:ListDistributions",),
    },
    "cloudsearchdomain": {"UploadDocuments": ("cloudsearch:document",)},  # the actions of a domain's own endpoint
    "docdb": {"DescribeServerlessV2PlatformVersions": ("rds:DescribeDBEngineVersions",)},
    "dynamodb": {  # a transaction or a statement needs what each of its parts needs: see PARTS
        "BatchExecuteStatement": (),
        "ExecuteStatement": (),
        "ExecuteTransaction": (),
        "TransactGetItems": (),
        "TransactWriteItems": (),
    },
    "keyspaces": {  # Keyspaces asks for the verbs of CQL (Keyspaces Developer Guide, how it works with IAM)
        "CreateKeyspace": ("cassandra:Create",),
        "CreateTable": ("cassandra:Create",),
        "CreateType": ("cassandra:Create",),
        "DeleteKeyspace": ("cassandra:Drop",),
        "DeleteTable": ("cassandra:Drop",),
        "DeleteType": ("cassandra:Drop",),
        "GetKeyspace": ("cassandra:Select",),
        "GetTable": ("cassandra:Select",),
        "GetTableAutoScalingSettings": ("cassandra:Select",),
        "GetType": ("cassandra:Select",),
        "ListKeyspaces": ("cassandra:Select",),
        "ListTables": ("cassandra:Select",),
        "ListTagsForResource": ("cassandra:Select",),
        "ListTypes": ("cassandra:Select",),
        "RestoreTable": ("cassandra:Restore",),
        "UpdateKeyspace": ("cassandra:Alter",),
        "UpdateTable": ("cassandra:Alter",),
    },
    "kms": {
        "ReEncrypt": ("kms:ReEncryptFrom", "kms:ReEncryptTo"),  # one for each of the two keys
        "ReplicateKey": ("kms:ReplicateKey", "kms:CreateKey"),  # the replica is a new key in its Region
    },
    "lambda": {  # invoking is one permission, however the answer comes
        "GetLayerVersionByArn": ("lambda:GetLayerVersion",),
        "Invoke": ("lambda:InvokeFunction",),
        "InvokeWithResponseStream": ("lambda:InvokeFunction",),
    },
    "neptunedata": {  # the data plane has one action for each language and kind of work (Neptune guide, data access)
        "ExecuteFastReset": ("neptune-db:ResetDatabase",),
        "ExecuteGremlinExplainQuery": ("neptune-db:ReadDataViaQuery",),
        "ExecuteGremlinProfileQuery": ("neptune-db:ReadDataViaQuery",),
        "ExecuteGremlinQuery": ("neptune-db:ReadDataViaQuery",),
        "ExecuteOpenCypherExplainQuery": ("neptune-db:ReadDataViaQuery",),
        "ExecuteOpenCypherQuery": ("neptune-db:ReadDataViaQuery",),
        "CancelGremlinQuery": ("neptune-db:CancelQuery",),
        "CancelOpenCypherQuery": ("neptune-db:CancelQuery",),
        "GetGremlinQueryStatus": ("neptune-db:GetQueryStatus",),
        "GetOpenCypherQueryStatus": ("neptune-db:GetQueryStatus",),
        "ListGremlinQueries": ("neptune-db:GetQueryStatus",),
        "ListOpenCypherQueries": ("neptune-db:GetQueryStatus",),
    },
    "s3": {  # S3's permissions are older than its operations (S3 User Guide, required permissions for API operations)
        "CompleteMultipartUpload": _MULTIPART,
        "CopyObject": ("s3:PutObject",),  # and s3:GetObject on the source: see PARTS
        "CreateBucketMetadataConfiguration": ("s3:CreateBucketMetadataTableConfiguration",),
        "CreateMultipartUpload": _MULTIPART,
        "CreateSession": ("s3express:CreateSession",),  # directory buckets have a prefix of their own
        "DeleteBucketAnalyticsConfiguration": ("s3:PutAnalyticsConfiguration",),  # to delete is to put nothing
        "DeleteBucketCors": ("s3:PutBucketCORS",),
        "DeleteBucketEncryption": ("s3:PutEncryptionConfiguration",),
        "DeleteBucketIntelligentTieringConfiguration": ("s3:PutIntelligentTieringConfiguration",),
        "DeleteBucketInventoryConfiguration": ("s3:PutInventoryConfiguration",),
        "DeleteBucketLifecycle": ("s3:PutLifecycleConfiguration",),
        "DeleteBucketMetadataConfiguration": ("s3:DeleteBucketMetadataTableConfiguration",),
        "DeleteBucketMetricsConfiguration": ("s3:PutMetricsConfiguration",),
        "DeleteBucketOwnershipControls": ("s3:PutBucketOwnershipControls",),
        "DeleteBucketReplication": ("s3:PutReplicationConfiguration",),
        "DeleteBucketTagging": ("s3:PutBucketTagging",),
        "DeleteObjects": ("s3:DeleteObject",),  # one for each key
        "DeletePublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
        "GetBucketAccelerateConfiguration": ("s3:GetAccelerateConfiguration",),
        "GetBucketAnalyticsConfiguration": ("s3:GetAnalyticsConfiguration",),
        "GetBucketEncryption": ("s3:GetEncryptionConfiguration",),
        "GetBucketIntelligentTieringConfiguration": ("s3:GetIntelligentTieringConfiguration",),
        "GetBucketInventoryConfiguration": ("s3:GetInventoryConfiguration",),
        "GetBucketLifecycle": ("s3:GetLifecycleConfiguration",),
        "GetBucketLifecycleConfiguration": ("s3:GetLifecycleConfiguration",),
        "GetBucketMetadataConfiguration": ("s3:GetBucketMetadataTableConfiguration",),
        "GetBucketMetricsConfiguration": ("s3:GetMetricsConfiguration",),
        "GetBucketNotificationConfiguration": ("s3:GetBucketNotification",),
        "GetBucketReplication": ("s3:GetReplicationConfiguration",),
        "GetObjectAttributes": ("s3:GetObjectAttributes", "s3:GetObject"),
        "GetObjectLockConfiguration": ("s3:GetBucketObjectLockConfiguration",),
        "GetPublicAccessBlock": ("s3:GetBucketPublicAccessBlock",),
        "HeadBucket": ("s3:ListBucket",),
        "HeadObject": ("s3:GetObject",),
        "ListBucketAnalyticsConfigurations": ("s3:GetAnalyticsConfiguration",),
        "ListBucketIntelligentTieringConfigurations": ("s3:GetIntelligentTieringConfiguration",),
        "ListBucketInventoryConfigurations": ("s3:GetInventoryConfiguration",),
        "ListBucketMetricsConfigurations": ("s3:GetMetricsConfiguration",),
        "ListBuckets": ("s3:ListAllMyBuckets",),
        "ListDirectoryBuckets": ("s3express:ListAllMyDirectoryBuckets",),
        "ListMultipartUploads": ("s3:ListBucketMultipartUploads",),
        "ListObjectVersions": ("s3:ListBucketVersions",),
        "ListObjects": ("s3:ListBucket",),
        "ListObjectsV2": ("s3:ListBucket",),
        "ListParts": ("s3:ListMultipartUploadParts",),
        "PutBucketAccelerateConfiguration": ("s3:PutAccelerateConfiguration",),
        "PutBucketAnalyticsConfiguration": ("s3:PutAnalyticsConfiguration",),
        "PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
        "PutBucketIntelligentTieringConfiguration": ("s3:PutIntelligentTieringConfiguration",),
        "PutBucketInventoryConfiguration": ("s3:PutInventoryConfiguration",),
        "PutBucketLifecycle": ("s3:PutLifecycleConfiguration",),
        "PutBucketLifecycleConfiguration": ("s3:PutLifecycleConfiguration",),
        "PutBucketMetricsConfiguration": ("s3:PutMetricsConfiguration",),
        "PutBucketNotificationConfiguration": ("s3:PutBucketNotification",),
        "PutBucketReplication": ("s3:PutReplicationConfiguration",),
        "PutObjectLockConfiguration": ("s3:PutBucketObjectLockConfiguration",),
        "PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
        "RenameObject": ("s3express:CreateSession",),  # only directory buckets rename
        "SelectObjectContent": ("s3:GetObject",),
        "UploadPart": _MULTIPART,
        "UploadPartCopy": _MULTIPART,  # and s3:GetObject on the source: see PARTS
        "WriteGetObjectResponse": ("s3-object-lambda:WriteGetObjectResponse",),
    },
    "s3control": {  # of buckets on Outposts, except for the account's public access block
        "DeleteBucketLifecycleConfiguration": ("s3-outposts:PutLifecycleConfiguration",),
        "DeleteBucketReplication": ("s3-outposts:PutReplicationConfiguration",),
        "DeleteBucketTagging": ("s3-outposts:PutBucketTagging",),
        "DeletePublicAccessBlock": ("s3:PutAccountPublicAccessBlock",),
        "GetBucket": ("s3-outposts:GetBucket",),
        "GetBucketLifecycleConfiguration": ("s3-outposts:GetLifecycleConfiguration",),
        "GetBucketReplication": ("s3-outposts:GetReplicationConfiguration",),
        "GetPublicAccessBlock": ("s3:GetAccountPublicAccessBlock",),
        "ListAccessPointsForDirectoryBuckets": ("s3express:ListAccessPointsForDirectoryBuckets",),
        "ListRegionalBuckets": ("s3-outposts:ListRegionalBuckets",),
        "PutBucketLifecycleConfiguration": ("s3-outposts:PutLifecycleConfiguration",),
        "PutBucketReplication": ("s3-outposts:PutReplicationConfiguration",),
        "PutPublicAccessBlock": ("s3:PutAccountPublicAccessBlock",),
        "DeleteAccessPointScope": ("s3express:DeleteAccessPointScope",),
        "GetAccessPointScope": ("s3express:GetAccessPointScope",),
        "PutAccessPointScope": ("s3express:PutAccessPointScope",),
    },
    "securityhub": {  # the second generation of an operation asks for the first one's action where it has none
        "BatchUpdateFindingsV2": ("securityhub:BatchUpdateFindings",),
        "GetFindingsV2": ("securityhub:GetFindings",),
    },
    "sns": {"PublishBatch": ("sns:Publish",)},  # batches need what their single forms need
    "sqs": {
        "ChangeMessageVisibilityBatch": ("sqs:ChangeMessageVisibility",),
        "DeleteMessageBatch": ("sqs:DeleteMessage",),
        "SendMessageBatch": ("sqs:SendMessage",),
    },
    "ssm": {  # the default role of hosts is a service setting
        "DeregisterDefaultHostManagementConfiguration": ("ssm:ResetServiceSetting",),
        "RegisterDefaultHostManagementConfiguration": ("ssm:UpdateServiceSetting",),
    },
    "timestream-query": {"Query": ("timestream:Select",)},
    "verifiedpermissions": {  # batches need what their single forms need
        "BatchGetPolicy": ("verifiedpermissions:GetPolicy",),
        "BatchIsAuthorized": ("verifiedpermissions:IsAuthorized",),
        "BatchIsAuthorizedWithToken": ("verifiedpermissions:IsAuthorizedWithToken",),
    },
}

FREE: Mapping[str, frozenset[str]] = {
    # service -> operations that need no permission. Those that clients do not sign need none either.
    "sts": frozenset(
        {
            "GetCallerIdentity",  # not even an explicit deny stops it (STS API Reference, GetCallerIdentity)
            "GetSessionToken",  # "no permissions are required"; a policy cannot deny it (STS API, GetSessionToken)
        }
    ),
    "codecatalyst": frozenset({"*"}),  # bearer tokens of its own, no IAM
}

PARTS: Mapping[str, Mapping[str, tuple[tuple[str, str], ...]]] = {
    # service -> operation -> (action, where the names of its resources stand), for calls made of other calls
    "dynamodb": {
        "BatchGetItem": (("dynamodb:BatchGetItem", "RequestItems{}"),),
        "BatchWriteItem": (("dynamodb:BatchWriteItem", "RequestItems{}"),),
        "TransactGetItems": (("dynamodb:GetItem", "TransactItems[].Get.TableName"),),
        "TransactWriteItems": (
            ("dynamodb:ConditionCheckItem", "TransactItems[].ConditionCheck.TableName"),
            ("dynamodb:DeleteItem", "TransactItems[].Delete.TableName"),
            ("dynamodb:PutItem", "TransactItems[].Put.TableName"),
            ("dynamodb:UpdateItem", "TransactItems[].Update.TableName"),
        ),
    },
    "kms": {
        "ReEncrypt": (("kms:ReEncryptFrom", "SourceKeyId"), ("kms:ReEncryptTo", "DestinationKeyId")),
    },
    "s3": {
        "CopyObject": (("s3:PutObject", ""), ("s3:GetObject", "CopySource")),
        "DeleteObjects": (("s3:DeleteObject", "Delete.Objects[].Key"),),
        "UploadPartCopy": (("s3:PutObject", ""), ("s3:GetObject", "CopySource")),
    },
}

ALIASES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    # prefix -> variable of an ARN format (or type.variable) -> the members that say it, the likeliest first
    "autoscaling": {"GroupFriendlyName": ("AutoScalingGroupName", "AutoScalingGroupNames[]")},
    "cloudformation": {"StackName": ("StackName",), "Type": ("TypeName",)},
    "cloudtrail": {"TrailName": ("TrailName", "Name"), "EventDataStoreId": ("EventDataStore",)},
    "cloudwatch": {
        "AlarmName": ("AlarmName", "AlarmNames[]", "Name"),
        "InsightRuleName": ("RuleName", "RuleNames[]"),
        "MetricStreamName": ("Name", "Names[]"),
    },
    "cognito-idp": {"UserPoolId": ("UserPoolId",)},
    "dynamodb": {"TableName": ("TableName", "TableArn", "SourceTableName", "TargetTableName", "GlobalTableName")},
    "ec2": {
        "security-group.SecurityGroupId": ("GroupId", "GroupIds[]", "SecurityGroupIds[]", "SecurityGroupId"),
        "key-pair.KeyPairName": ("KeyName", "KeyNames[]"),
        "network-acl.NaclId": ("NetworkAclId",),
        "vpc-peering-connection.VpcPeeringConnectionId": ("VpcPeeringConnectionId",),
    },
    "ecr": {"RepositoryName": ("repositoryName", "repositoryNames[]")},
    "ecs": {"ClusterName": ("cluster", "clusterName", "clusters[]"), "ServiceName": ("service", "serviceName")},
    "elasticloadbalancing": {"loadbalancer.LoadBalancerName": ("LoadBalancerName", "LoadBalancerNames[]")},
    "elasticmapreduce": {"ClusterId": ("ClusterId", "JobFlowId", "JobFlowIds[]")},
    "es": {"DomainName": ("DomainName", "DomainNames[]", "domainName")},
    "events": {
        "RuleName": ("Rule", "Name"),
        "event-bus.EventBusName": ("EventBusName", "Name", "Entries[].EventBusName"),
        "rule-on-custom-event-bus.EventBusName": ("EventBusName",),
        "archive.ArchiveName": ("ArchiveName", "EventSourceArn"),
    },
    "iam": {
        "MfaTokenIdWithPath": ("SerialNumber", "VirtualMFADeviceName"),
        "OidcProviderName": ("OpenIDConnectProviderArn",),
    },
    "kms": {
        "KeyId": ("KeyId", "TargetKeyId", "PrimaryKeyId"),
        "alias.Alias": ("AliasName",),
    },
    "lambda": {
        "FunctionName": ("FunctionName",),
        "Alias": ("Name", "FunctionVersion"),
        "Version": ("Qualifier", "Version"),
        "LayerName": ("LayerName", "Arn"),
        "LayerVersion": ("VersionNumber",),
    },
    "logs": {
        "LogGroupName": ("logGroupName", "logGroupNames[]", "logGroupIdentifier", "logGroupIdentifiers[]"),
        "LogStreamName": ("logStreamName",),
    },
    "resource-groups": {"GroupName": ("Group", "GroupName", "Name")},
    "route53": {"hostedzone.Id": ("HostedZoneId", "Id"), "healthcheck.Id": ("HealthCheckId",)},
    "s3": {
        "BucketName": ("Bucket",),
        "ObjectName": ("Key",),
        "AccessPointName": ("Name",),
    },
    "secretsmanager": {"SecretId": ("SecretId", "Name", "SecretIdList[]")},
    "sns": {"TopicName": ("TopicArn", "TargetArn", "Name")},
    "sqs": {"QueueName": ("QueueUrl", "QueueName", "SourceArn")},
    "ssm": {
        "parameter.ParameterNameWithoutLeadingSlash": ("Name", "Names[]", "Path", "ResourceId"),
        "document.DocumentName": ("Name", "DocumentName"),
        "maintenancewindow.ResourceId": ("WindowId",),
        "patchbaseline.PatchBaselineIdResourceId": ("BaselineId",),
        "servicesetting.ResourceId": ("SettingId",),
    },
    "states": {
        "statemachine.StateMachineName": ("stateMachineArn", "stateMachineAliasArn", "stateMachineVersionArn", "name"),
    },
    "sts": {"FederatedUserName": ("Name",), "RoleNameWithPath": ("RoleArn",)},
}

TAGGING: Mapping[str, str] = {
    # prefix -> what making something with tags needs as well, where the reference does not list it as a dependency
    "acm": "acm:AddTagsToCertificate",
    "cloudtrail": "cloudtrail:AddTags",
    "cloudwatch": "cloudwatch:TagResource",
    "dynamodb": "dynamodb:TagResource",
    "ec2": "ec2:CreateTags",
    "ecr": "ecr:TagResource",
    "ecs": "ecs:TagResource",
    "elasticloadbalancing": "elasticloadbalancing:AddTags",
    "events": "events:TagResource",
    "firehose": "firehose:TagDeliveryStream",
    "kinesis": "kinesis:AddTagsToStream",
    "kms": "kms:TagResource",
    "lambda": "lambda:TagResource",
    "logs": "logs:TagResource",
    "organizations": "organizations:TagResource",
    "rds": "rds:AddTagsToResource",
    "scheduler": "scheduler:TagResource",
    "secretsmanager": "secretsmanager:TagResource",
    "sns": "sns:TagResource",
    "sqs": "sqs:TagQueue",  # "sqs:CreateQueue and sqs:TagQueue" (SQS API Reference, CreateQueue)
    "ssm": "ssm:AddTagsToResource",
    "states": "states:TagResource",
}
IAM_TAGGING: Mapping[str, str] = {
    # IAM has an action for each kind (IAM User Guide, tagging IAM resources)
    "CreateInstanceProfile": "iam:TagInstanceProfile",
    "CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider",
    "CreatePolicy": "iam:TagPolicy",
    "CreateRole": "iam:TagRole",
    "CreateSAMLProvider": "iam:TagSAMLProvider",
    "CreateUser": "iam:TagUser",
    "CreateVirtualMFADevice": "iam:TagMFADevice",
    "UploadServerCertificate": "iam:TagServerCertificate",
}

PASSING: Mapping[str, frozenset[str]] = {
    # prefix -> operations that hand a role to the service (iam:PassRole), where the reference does not say so
    "backup": frozenset({"CreateBackupSelection", "StartBackupJob", "StartRestoreJob"}),
    "batch": frozenset({"RegisterJobDefinition", "CreateComputeEnvironment", "UpdateComputeEnvironment"}),
    "cloudformation": frozenset(
        {"CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ContinueUpdateRollback", "RollbackStack"}
    ),
    "cloudtrail": frozenset({"CreateTrail", "UpdateTrail"}),
    "codebuild": frozenset({"CreateProject", "UpdateProject"}),
    "codepipeline": frozenset({"CreatePipeline", "UpdatePipeline"}),
    "config": frozenset({"PutConfigurationRecorder"}),
    "ecs": frozenset({"RegisterTaskDefinition", "CreateService", "UpdateService", "RunTask", "StartTask"}),
    "events": frozenset({"PutRule", "PutTargets"}),
    "firehose": frozenset({"CreateDeliveryStream", "UpdateDestination"}),
    "glue": frozenset({"CreateJob", "UpdateJob", "CreateCrawler", "UpdateCrawler", "CreateDevEndpoint"}),
    "iot": frozenset({"CreateTopicRule", "ReplaceTopicRule"}),
    "lambda": frozenset({"CreateFunction", "UpdateFunctionConfiguration"}),
    "sagemaker": frozenset({"CreateModel", "CreateNotebookInstance", "CreateTrainingJob", "CreateProcessingJob"}),
    "states": frozenset({"CreateStateMachine", "UpdateStateMachine"}),
}
PASSED_TO: Mapping[str, str] = {
    # prefix -> iam:PassedToService, where that is not PREFIX.amazonaws.com
    "ecs": "ecs-tasks.amazonaws.com",
    "elasticmapreduce": "elasticmapreduce.amazonaws.com",
    "logs": "logs.amazonaws.com",
}
