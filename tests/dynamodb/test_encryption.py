"""The KMS keys that tables name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dynamodb.tables import INVALID, define, refusal


@pytest.fixture
def dynamodb(client) -> Any:
    return client("dynamodb")


@pytest.mark.spec("data:DDB-38")
def test_a_table_names_awss_key_or_one_of_the_account(dynamodb, client):
    kms = client("kms")
    own = kms.create_key()["KeyMetadata"]["Arn"]
    first = dynamodb.create_table(**define(SSESpecification={"Enabled": True}))["TableDescription"]
    aws = kms.describe_key(KeyId="alias/aws/dynamodb")["KeyMetadata"]["Arn"]
    assert first["SSEDescription"] == {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": aws}

    dynamodb.update_table(TableName="music", SSESpecification={"Enabled": True, "KMSMasterKeyId": own})
    described = dynamodb.describe_table(TableName="music")["Table"]["SSEDescription"]
    assert described["KMSMasterKeyArn"] == own
    again = {"Enabled": True, "KMSMasterKeyId": own}
    already = f"{INVALID}Table is already encrypted by given KMSMasterKeyId"
    assert refusal(dynamodb.update_table, TableName="music", SSESpecification=again) == ("ValidationException", already)

    dynamodb.update_table(TableName="music", SSESpecification={"Enabled": False})
    assert "SSEDescription" not in dynamodb.describe_table(TableName="music")["Table"]
    assert refusal(dynamodb.update_table, TableName="music", SSESpecification={"Enabled": False})[1] == (
        f"{INVALID}Table is already encrypted by default"
    )


def test_a_key_must_be_there_and_able(dynamodb, client):
    kms = client("kms")
    disabled = kms.create_key()["KeyMetadata"]["Arn"]
    kms.disable_key(KeyId=disabled)
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    for key in (disabled, signing, "alias/none"):
        specification = {"Enabled": True, "KMSMasterKeyId": key}
        assert refusal(dynamodb.create_table, **define(SSESpecification=specification))[0] == "ValidationException"
    for wrong in ({"Enabled": False, "KMSMasterKeyId": signing}, {"Enabled": True, "SSEType": "AES256"}):
        assert refusal(dynamodb.create_table, **define(SSESpecification=wrong))[0] == "ValidationException"
    assert dynamodb.list_tables()["TableNames"] == []
