"""The account as a whole: its alias, its numbers, its settings."""

from __future__ import annotations

import pytest

from tests.iam.policies import refused, user_with


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.mark.spec("security:ACCT-05")
def test_an_account_has_one_alias_that_nobody_else_has(iam, client, account):
    other = client("iam", account=f"9{account[1:]}")
    alias = f"acme-{account}"
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias=f"{alias}-old")
    iam.create_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == [alias]
    other.create_account_alias(AccountAlias=f"{alias}-old")
    taken = f"EntityAlreadyExists: The account alias {alias} already exists."
    assert refused(other.create_account_alias, AccountAlias=alias) == taken

    iam.delete_account_alias(AccountAlias=alias)
    assert refused(iam.delete_account_alias, AccountAlias=alias).startswith("NoSuchEntity")
    other.create_account_alias(AccountAlias=alias)


@pytest.mark.parametrize("alias", ["ab", "Upper", "-a-b", "a--b", "a_b", "a" * 64])
def test_aliases_are_names_as_of_hosts(iam, alias):
    assert refused(iam.create_account_alias, AccountAlias=alias).startswith("ValidationError")


def test_the_summary_counts_what_there_is(iam):
    before = iam.get_account_summary()["SummaryMap"]
    user_with(iam, "bob")
    iam.create_group(GroupName="staff")
    iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")
    iam.create_open_id_connect_provider(Url="https://a.example")
    after = iam.get_account_summary()["SummaryMap"]
    changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert changed == {"Users": 1, "Groups": 1, "MFADevices": 1, "Providers": 1}
    assert (after["UsersQuota"], after["AccessKeysPerUserQuota"], after["VersionsPerPolicyQuota"]) == (5000, 2, 5)


def test_settings_are_kept(iam):
    iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v2Token")
    assert iam.get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == 2

    assert iam.get_account_properties()["Properties"] == {}
    iam.put_account_properties(Properties={"RoleManager/Mode": "on"})
    iam.put_account_properties(Properties={"Other/Mode": "off"})
    assert iam.get_account_properties()["Properties"] == {"RoleManager/Mode": "on", "Other/Mode": "off"}
    mixed = refused(iam.put_account_properties, Properties={"a/x": "1", "b/x": "1"})
    assert mixed.startswith("InvalidInput")


def test_the_issuer_of_outbound_tokens_stays_the_accounts_own(iam):
    assert refused(iam.get_outbound_web_identity_federation_info).startswith("FeatureDisabled")
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    assert refused(iam.enable_outbound_web_identity_federation).startswith("FeatureEnabled")
    told = iam.get_outbound_web_identity_federation_info()
    assert (told["IssuerIdentifier"], told["JwtVendingEnabled"]) == (issuer, True)
    iam.disable_outbound_web_identity_federation()
    assert refused(iam.disable_outbound_web_identity_federation).startswith("FeatureDisabled")
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer


def test_features_of_an_organization_belong_to_its_management_account(iam, client):
    organizations = client("organizations")
    assert refused(iam.enable_organizations_root_sessions).startswith("OrganizationNotFoundException")
    organization = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    assert refused(iam.list_organizations_features).startswith("ServiceAccessNotEnabledException")
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")

    assert iam.enable_organizations_root_sessions()["EnabledFeatures"] == ["RootSessions"]
    iam.enable_organizations_root_credentials_management()
    listed = iam.list_organizations_features()
    assert listed["OrganizationId"] == organization
    assert listed["EnabledFeatures"] == ["RootCredentialsManagement", "RootSessions"]
    iam.disable_organizations_root_sessions()
    assert iam.list_organizations_features()["EnabledFeatures"] == ["RootCredentialsManagement"]
