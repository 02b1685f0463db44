"""Terraform makes, changes and removes a table, and finds nothing to change in between.

Runs where Terraform is told by TF_CLI_CONFIG_FILE from where to take its AWS provider."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CONFIGURATION = """
variable "endpoint" {}
variable "more" { default = false }
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region     = "us-east-1"
  access_key = "ACCOUNT"
  secret_key = "test"
  endpoints {
    dynamodb = var.endpoint
    sts      = var.endpoint
    iam      = var.endpoint
    kms      = var.endpoint
  }
}
locals { more = var.more ? ["genre", "label"] : [] }
resource "aws_dynamodb_table" "music" {
  name             = "music"
  billing_mode     = "PROVISIONED"
  read_capacity    = 5
  write_capacity   = var.more ? 6 : 5
  hash_key         = "artist"
  range_key        = "song"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"
  tags             = { team = var.more ? "green" : "blue" }
  dynamic "attribute" {
    for_each = concat(["artist", "song", "year"], local.more)
    content {
      name = attribute.value
      type = attribute.value == "year" ? "N" : "S"
    }
  }
  global_secondary_index {
    name               = "years"
    hash_key           = "year"
    range_key          = "song"
    projection_type    = "INCLUDE"
    non_key_attributes = ["price"]
    read_capacity      = 2
    write_capacity     = 2
  }
  dynamic "global_secondary_index" {
    for_each = local.more
    content {
      name            = global_secondary_index.value
      hash_key        = global_secondary_index.value
      projection_type = "ALL"
      read_capacity   = 2
      write_capacity  = 2
    }
  }
  local_secondary_index {
    name            = "years-of-artists"
    range_key       = "year"
    projection_type = "KEYS_ONLY"
  }
  ttl {
    attribute_name = "until"
    enabled        = true
  }
  point_in_time_recovery { enabled = true }
  server_side_encryption { enabled = true }
}
"""


@pytest.mark.skipif(
    shutil.which("terraform") is None or not Path(os.environ.get("TF_CLI_CONFIG_FILE", "")).is_file(),
    reason="Terraform and its AWS provider are not at hand",
)
@pytest.mark.spec("data:DDB-01", "data:DDB-25", "data:DDB-26")
@pytest.mark.timeout(600)
def test_terraform_makes_changes_and_removes_a_table(shared_cloud, account, client, tmp_path):
    (tmp_path / "main.tf").write_text(CONFIGURATION.replace("ACCOUNT", account), encoding="utf-8")
    dynamodb = client("dynamodb")
    run(tmp_path, "init", "-input=false")
    for more in ("more=false", "more=true"):
        given = ("-input=false", "-var", f"endpoint={shared_cloud.url}", "-var", more)
        run(tmp_path, "apply", "-auto-approve", *given)
        run(tmp_path, "plan", "-detailed-exitcode", *given)  # fails where there is something to change
        count = 1 if more == "more=false" else 3
        assert len(dynamodb.describe_table(TableName="music")["Table"]["GlobalSecondaryIndexes"]) == count
    run(tmp_path, "destroy", "-auto-approve", *given)
    assert dynamodb.list_tables()["TableNames"] == []


def run(home: Path, *command: str) -> None:
    done = subprocess.run(
        ["terraform", command[0], "-no-color", *command[1:]], cwd=home, capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
