"""One module per question. Each has a NAME for the command line and `run(bench) -> Outcome`."""

from bench.scenarios import authz, dynamodb, dynamodb_many, s3_large, s3_many, s3_small, sqs, sqs_deep, sqs_polls, start

ALL = {
    module.NAME: module
    for module in (s3_small, sqs, dynamodb, sqs_deep, sqs_polls, s3_large, s3_many, dynamodb_many, start, authz)
}
