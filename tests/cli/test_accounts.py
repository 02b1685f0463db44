"""`cumulet account`: making accounts, listing them, acting in one."""

from __future__ import annotations

import boto3
import pytest


def test_an_account_is_made_listed_and_used(cumulet, tmp_path):
    facts = cumulet.up()
    made = cumulet("account", "create", "Dev", "--json").json
    assert (made["name"], made["email"], made["state"]) == ("Dev", "dev@example.com", "ACTIVE")
    assert cumulet("account", "create", "Prod", "--email", "prod@example.com").out.startswith("Created Prod: ")
    listed = cumulet("account", "list").out
    assert made["number"] in listed and "member of 000000000000" in listed and "manages" in listed
    lines = cumulet("account", "use", "Dev", "--shell", "sh").out
    assert f"export AWS_ACCESS_KEY_ID={made['number']}\n" in lines
    assert f"export AWS_ENDPOINT_URL={facts['url']}\n" in lines
    config = tmp_path / "aws" / "config"
    assert cumulet("account", "use", "Dev", "--profile", "dev", AWS_CONFIG_FILE=str(config)).code == 0
    config.write_text("# mine\n[profile other]\nregion = eu-west-1\n\n" + config.read_text())
    assert cumulet("account", "use", "Prod", "--profile", "dev", AWS_CONFIG_FILE=str(config)).code == 0
    text = config.read_text()
    assert text.count("[profile dev]") == 1 and text.startswith("# mine\n[profile other]\n")
    assert made["number"] not in text
    cumulet("account", "use", made["number"], "--profile", "dev", AWS_CONFIG_FILE=str(config))
    settings = dict(line.split(" = ") for line in config.read_text().splitlines() if " = " in line)
    sts = boto3.client(
        "sts", endpoint_url=settings["endpoint_url"], region_name="us-east-1",
        aws_access_key_id=settings["aws_access_key_id"], aws_secret_access_key="test",
    )  # fmt: skip
    assert sts.get_caller_identity()["Account"] == made["number"]


def test_what_cannot_be_is_told_with_what_mends_it(cumulet):
    said = cumulet("account", "create", "Dev")
    assert said.code == 3 and "cumulet up" in said.err
    cumulet.up()
    said = cumulet("account", "use", "Nobody")
    assert said.code == 1 and "cumulet account create Nobody" in said.err
    assert cumulet("account", "create", "One", "--email", "one@example.com").code == 0
    said = cumulet("account", "create", "Two", "--email", "One@example.com")
    assert said.code == 1 and "another account has the address" in said.err
    assert cumulet("account", "create", "Three", "--email", "none").code == 1
    assert cumulet("account", "create", "Four", "--management", "12").code == 1


@pytest.mark.parametrize("name", ["", "x" * 51, "tab\t", "é"])
def test_names_are_held_to_the_rules(cumulet, name):
    cumulet.up()
    assert cumulet("account", "create", "--", name).code == 1


def test_a_cloud_that_is_down_lists_its_accounts(cumulet):
    cumulet.up()
    cumulet("account", "create", "Dev")
    assert cumulet("down").code == 0
    assert [a["name"] for a in cumulet("account", "list", "--json").json["accounts"]][-1] == "Dev"
