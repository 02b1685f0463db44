"""What AWS calls its services where people read it, by the prefix of their actions."""

from __future__ import annotations

_NAMES = {
    "acm": "AWS Certificate Manager", "apigateway": "Amazon API Gateway", "athena": "Amazon Athena",
    "autoscaling": "Amazon EC2 Auto Scaling", "backup": "AWS Backup", "batch": "AWS Batch",
    "bedrock": "Amazon Bedrock", "budgets": "AWS Budget Service", "ce": "AWS Cost Explorer Service",
    "cloudformation": "AWS CloudFormation", "cloudfront": "Amazon CloudFront", "cloudtrail": "AWS CloudTrail",
    "cloudwatch": "Amazon CloudWatch", "codebuild": "AWS CodeBuild", "codecommit": "AWS CodeCommit",
    "codedeploy": "AWS CodeDeploy", "codepipeline": "AWS CodePipeline", "cognito-identity": "Amazon Cognito Identity",
    "cognito-idp": "Amazon Cognito User Pools", "config": "AWS Config", "dynamodb": "Amazon DynamoDB",
    "ec2": "Amazon EC2", "ecr": "Amazon Elastic Container Registry", "ecs": "Amazon Elastic Container Service",
    "eks": "Amazon Elastic Kubernetes Service", "elasticache": "Amazon ElastiCache",
    "elasticfilesystem": "Amazon Elastic File System", "elasticloadbalancing": "AWS Elastic Load Balancing",
    "elasticmapreduce": "Amazon Elastic MapReduce", "es": "Amazon OpenSearch Service", "events": "Amazon EventBridge",
    "firehose": "Amazon Kinesis Firehose", "glacier": "Amazon Glacier", "glue": "AWS Glue",
    "guardduty": "Amazon GuardDuty", "iam": "AWS Identity and Access Management", "iot": "AWS IoT",
    "kinesis": "Amazon Kinesis Data Streams", "kms": "AWS Key Management Service", "lambda": "AWS Lambda",
    "logs": "Amazon CloudWatch Logs", "organizations": "AWS Organizations", "rds": "Amazon RDS",
    "redshift": "Amazon Redshift", "route53": "Amazon Route 53", "s3": "Amazon S3",
    "sagemaker": "Amazon SageMaker", "scheduler": "Amazon EventBridge Scheduler",
    "secretsmanager": "AWS Secrets Manager", "ses": "Amazon Simple Email Service v2", "sns": "Amazon SNS",
    "sqs": "Amazon SQS", "ssm": "AWS Systems Manager", "states": "AWS Step Functions",
    "sts": "AWS Security Token Service", "tag": "Amazon Resource Group Tagging API", "waf": "AWS WAF",
    "wafv2": "AWS WAF V2", "xray": "AWS X-Ray",
}  # fmt: skip


def full(prefix: str) -> str:
    """The name; the prefix itself for a service that is not in the table."""
    return _NAMES.get(prefix, prefix)
