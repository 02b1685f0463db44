"""Management policies: tag, backup and other policies in their tree, and what they come to for an account."""

from __future__ import annotations

import json

import pytest

from tests.organizations.conftest import refused

TAG, BACKUP = "TAG_POLICY", "BACKUP_POLICY"


def tag_policy(**settings):
    return {"tags": {"costcenter": settings}}


@pytest.mark.spec("security:ORG-11")
def test_an_account_has_the_tag_policy_that_its_parents_and_its_own_come_to(world):
    world.enable(TAG)
    unit, made = world.make_unit("unit"), world.make_account("tagged")
    world.move(made, unit)
    first = tag_policy(tag_key={"@@assign": "CostCenter"}, tag_value={"@@assign": ["100", "200"]})
    world.attach(TAG, first, world.root)
    world.attach(TAG, tag_policy(tag_value={"@@append": ["300"]}), unit)
    world.attach(TAG, tag_policy(tag_value={"@@remove": ["100"]}), made)
    told = world.api.describe_effective_policy(PolicyType=TAG, TargetId=made)["EffectivePolicy"]
    expected = {"tags": {"costcenter": {"tag_key": "CostCenter", "tag_value": ["200", "300"]}}}
    assert json.loads(told["PolicyContent"]) == expected
    assert (told["TargetId"], told["PolicyType"]) == (made, TAG)
    member = world.client("organizations", made)
    assert json.loads(member.describe_effective_policy(PolicyType=TAG)["EffectivePolicy"]["PolicyContent"]) == expected
    with refused("AccessDeniedException"):
        member.describe_effective_policy(PolicyType=TAG, TargetId=world.account)
    world.move(made, world.root)
    told = world.api.describe_effective_policy(PolicyType=TAG, TargetId=made)["EffectivePolicy"]
    assert json.loads(told["PolicyContent"])["tags"]["costcenter"]["tag_value"] == ["200"]


def test_there_is_no_effective_policy_where_none_is_attached(world):
    with refused("EffectivePolicyNotFoundException"):
        world.api.describe_effective_policy(PolicyType=TAG)
    world.enable(TAG)
    with refused("EffectivePolicyNotFoundException"):
        world.api.describe_effective_policy(PolicyType=TAG)
    with refused("TargetNotFoundException"):
        world.api.describe_effective_policy(PolicyType=TAG, TargetId="999999999999")


@pytest.mark.spec("security:ORG-11")
def test_a_backup_policy_that_lacks_something_is_found(world):
    world.enable(BACKUP)
    made = world.make_account("backed-up")
    half = {"plans": {"daily": {"regions": {"@@assign": ["us-east-1"]}, "rules": {"each": {
        "schedule_expression": {"@@assign": "cron(0 5 ? * * *)"},
    }}}}}  # fmt: skip
    world.attach(BACKUP, half, made)
    found = world.api.list_effective_policy_validation_errors(AccountId=made, PolicyType=BACKUP)
    assert [(e["ErrorCode"], e["PathToError"]) for e in found["EffectivePolicyValidationErrors"]] == [
        ("KEY_REQUIRED", "plans/daily/selections"),
        ("KEY_REQUIRED", "plans/daily/rules/each/target_backup_vault_name"),
    ]
    listed = world.api.list_accounts_with_invalid_effective_policy(PolicyType=BACKUP)["Accounts"]
    assert [a["Id"] for a in listed] == [made]
    rest = {"plans": {"daily": {
        "rules": {"each": {"target_backup_vault_name": {"@@assign": "Default"}}},
        "selections": {"tags": {"all": {"tag_key": {"@@assign": "backup"}, "tag_value": {"@@assign": ["yes"]}}}},
    }}}  # fmt: skip
    world.attach(BACKUP, rest, world.root)
    found = world.api.list_effective_policy_validation_errors(AccountId=made, PolicyType=BACKUP)
    assert found["EffectivePolicyValidationErrors"] == []
    listed = world.api.list_accounts_with_invalid_effective_policy(PolicyType=BACKUP)["Accounts"]
    assert [a["Id"] for a in listed] == [world.account]  # which has the root's half only


@pytest.mark.parametrize(
    "content",
    [
        "{}", "[]", "{", '{"plans":{}}', '{"tags":[]}', '{"tags":{},"plans":{}}', '{"tags":{"a":"b"}}',
        '{"tags":{"a":{"tag_key":{"@@assign":{"x":1}}}}}', '{"tags":{"a":{"tag_key":{"@@set":"x"}}}}',
        '{"tags":{"a":{"@@assign":"x","tag_key":{"@@assign":"x"}}}}', '{"tags":{"a":{"tag_key":{"@@append":"x"}}}}',
        '{"tags":{"a":{"@@operators_allowed_for_child_policies":["@@some"]}}}', '{"tags":' * 900,
    ],
    ids=lambda content: content[:40],
)  # fmt: skip
def test_what_is_no_management_policy_is_refused(world, content):
    with refused("MalformedPolicyDocumentException"):
        world.policy(TAG, content)


def test_deep_documents_are_refused(world):
    with refused("MalformedPolicyDocumentException"):
        world.policy(TAG, '{"tags":' + '{"a":' * 900 + "1" + "}" * 901)
