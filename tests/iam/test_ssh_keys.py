"""SSH public keys, and credentials that are for one service."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.iam.certificates import pem_text, ssh_text
from tests.iam.policies import refused


@pytest.fixture
def iam(client):
    iam = client("iam")
    iam.create_user(UserName="bob")
    return iam


@pytest.mark.parametrize("text", [ssh_text(), ssh_text() + " bob@laptop", pem_text()])
def test_a_key_is_told_in_both_encodings(iam, text):
    made = iam.upload_ssh_public_key(UserName="bob", SSHPublicKeyBody=text)["SSHPublicKey"]
    blob = base64.b64decode(ssh_text().split()[1])
    assert made["SSHPublicKeyId"].startswith("APKA")
    assert made["Fingerprint"] == hashlib.md5(blob).digest().hex(":")
    assert made["Status"] == "Active"

    name = {"UserName": "bob", "SSHPublicKeyId": made["SSHPublicKeyId"]}
    assert iam.get_ssh_public_key(**name, Encoding="SSH")["SSHPublicKey"]["SSHPublicKeyBody"] == ssh_text()
    assert iam.get_ssh_public_key(**name, Encoding="PEM")["SSHPublicKey"]["SSHPublicKeyBody"] == pem_text()


def test_a_key_from_inactive_to_gone(iam):
    made = iam.upload_ssh_public_key(UserName="bob", SSHPublicKeyBody=ssh_text())["SSHPublicKey"]
    name = {"UserName": "bob", "SSHPublicKeyId": made["SSHPublicKeyId"]}
    iam.update_ssh_public_key(**name, Status="Inactive")
    assert iam.list_ssh_public_keys(UserName="bob")["SSHPublicKeys"][0]["Status"] == "Inactive"
    assert refused(iam.delete_user, UserName="bob").endswith("must delete SSH public keys first.")
    iam.delete_ssh_public_key(**name)
    missing = f"NoSuchEntity: The Public Key with id {made['SSHPublicKeyId']} cannot be found."
    assert refused(iam.get_ssh_public_key, **name, Encoding="SSH") == missing


@pytest.mark.parametrize(
    "text", ["ssh-rsa nothing", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ", "x", ssh_text(bits=1024)], ids=range(4)
)
def test_what_is_no_long_rsa_key_is_refused(iam, text):
    assert refused(iam.upload_ssh_public_key, UserName="bob", SSHPublicKeyBody=text).startswith("InvalidPublicKey")


def test_keys_are_distinct_and_five(iam):
    for number in range(5):
        iam.upload_ssh_public_key(UserName="bob", SSHPublicKeyBody=ssh_text(number))
    again = refused(iam.upload_ssh_public_key, UserName="bob", SSHPublicKeyBody=pem_text(0))
    assert again.startswith("DuplicateSSHPublicKey")
    limit = "LimitExceeded: Cannot exceed quota for SSHPublicKeysPerUser: 5"
    assert refused(iam.upload_ssh_public_key, UserName="bob", SSHPublicKeyBody=ssh_text(5)) == limit
