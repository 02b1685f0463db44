"""One module per question. Each has a NAME for the command line and `run(bench) -> Outcome`."""

from bench.scenarios import s3_many, s3_small, sqs, sqs_deep, start

ALL = {module.NAME: module for module in (s3_small, sqs, sqs_deep, s3_many, start)}
