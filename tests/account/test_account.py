"""Account management: what an account tells of itself, and what its organization may tell of it."""

from __future__ import annotations

import logging
import re

import pytest

from tests.organizations.conftest import World, refused

CONTACT = {
    "FullName": "Ada Lovelace", "AddressLine1": "12 St James's Square", "City": "London", "PostalCode": "SW1Y 4LE",
    "CountryCode": "GB", "PhoneNumber": "+44 20 7946 0000",
}  # fmt: skip
SECURITY = {
    "Name": "Night Watch", "Title": "Watch", "EmailAddress": "watch@example.com", "PhoneNumber": "+44 20 7946 0001",
}  # fmt: skip
PRINCIPAL = "account.amazonaws.com"


@pytest.fixture
def api(client):
    return client("account")


@pytest.fixture
def world(shared_cloud, account):
    return World(shared_cloud, account)


def test_an_account_has_a_contact(api):
    with refused("ResourceNotFoundException"):
        api.get_contact_information()
    api.put_contact_information(ContactInformation=CONTACT)
    assert api.get_contact_information()["ContactInformation"] == CONTACT


def test_there_are_contacts_for_bills_operations_and_security(api):
    with refused("ResourceNotFoundException"):
        api.get_alternate_contact(AlternateContactType="SECURITY")
    api.put_alternate_contact(AlternateContactType="SECURITY", **SECURITY)
    told = api.get_alternate_contact(AlternateContactType="SECURITY")["AlternateContact"]
    assert told == {**SECURITY, "AlternateContactType": "SECURITY"}
    with refused("ResourceNotFoundException"):
        api.get_alternate_contact(AlternateContactType="BILLING")
    api.delete_alternate_contact(AlternateContactType="SECURITY")
    with refused("ResourceNotFoundException"):
        api.delete_alternate_contact(AlternateContactType="SECURITY")


def test_an_account_can_be_renamed(api, account):
    api.put_account_name(AccountName="Engine Room")
    told = api.get_account_information()
    assert (told["AccountId"], told["AccountName"], told["AccountState"]) == (account, "Engine Room", "ACTIVE")


def test_regions_are_enabled_and_disabled(api, shared_cloud):
    assert api.get_region_opt_status(RegionName="us-east-1")["RegionOptStatus"] == "ENABLED_BY_DEFAULT"
    assert api.get_region_opt_status(RegionName="af-south-1")["RegionOptStatus"] == "DISABLED"
    api.enable_region(RegionName="af-south-1")
    shared_cloud.settle()
    assert api.get_region_opt_status(RegionName="af-south-1")["RegionOptStatus"] == "ENABLED"
    assert api.list_regions(RegionOptStatusContains=["ENABLED"])["Regions"] == [
        {"RegionName": "af-south-1", "RegionOptStatus": "ENABLED"}
    ]
    api.disable_region(RegionName="af-south-1")
    shared_cloud.settle()
    assert api.list_regions(RegionOptStatusContains=["ENABLED"])["Regions"] == []
    for region in ("us-east-1", "mars-north-1"):
        with refused("ValidationException"):
            api.disable_region(RegionName=region)


def test_regions_have_pages(api):
    every = [r["RegionName"] for r in api.list_regions()["Regions"]]
    pages = api.get_paginator("list_regions").paginate(PaginationConfig={"PageSize": 7})
    assert [r["RegionName"] for page in pages for r in page["Regions"]] == every
    assert len(every) > 30
    with refused("ValidationException"):
        api.list_regions(NextToken="made up")


def test_a_trusting_organization_manages_its_members(world):
    made = world.make_account("managed")
    api = world.client("account")
    with refused("AccessDeniedException", words="trusted access"):
        api.get_primary_email(AccountId=made)
    world.api.enable_aws_service_access(ServicePrincipal=PRINCIPAL)
    assert api.get_primary_email(AccountId=made)["PrimaryEmail"] == f"managed-{world.account}@example.com"
    api.put_account_name(AccountId=made, AccountName="Renamed")
    assert world.api.describe_account(AccountId=made)["Account"]["Name"] == "Renamed"
    api.put_alternate_contact(AccountId=made, AlternateContactType="SECURITY", **SECURITY)
    own = world.client("account", made)
    assert own.get_alternate_contact(AlternateContactType="SECURITY")["AlternateContact"]["Name"] == "Night Watch"
    with refused("AccessDeniedException", words="standalone context"):
        api.put_account_name(AccountId=world.account, AccountName="Myself")
    with refused("AccessDeniedException"):
        own.get_primary_email(AccountId=world.account)
    with refused("AccessDeniedException", words="not a member"):
        api.get_account_information(AccountId="999888777666")


def test_a_delegated_administrator_manages_members(world):
    deputy, made = world.make_account("deputy"), world.make_account("managed")
    api = world.client("account", deputy)
    world.api.enable_aws_service_access(ServicePrincipal=PRINCIPAL)
    with refused("AccessDeniedException"):
        api.get_primary_email(AccountId=made)
    world.api.register_delegated_administrator(AccountId=deputy, ServicePrincipal=PRINCIPAL)
    assert api.get_primary_email(AccountId=made)["PrimaryEmail"].startswith("managed-")


def test_an_address_changes_with_the_code_that_was_sent(world, caplog):
    made = world.make_account("moving")
    world.api.enable_aws_service_access(ServicePrincipal=PRINCIPAL)
    api, new = world.client("account"), f"new-{world.account}@example.com"
    with refused("ConflictException"):
        api.start_primary_email_update(AccountId=made, PrimaryEmail=f"moving-{world.account}@example.com")
    with caplog.at_level(logging.INFO, "cumulet.account"):
        assert api.start_primary_email_update(AccountId=made, PrimaryEmail=new)["Status"] == "PENDING"
    code = re.search(r": (\w{6})$", caplog.records[-1].getMessage())[1]
    wrong = "000000" if code != "000000" else "111111"
    with refused("ValidationException"):
        api.accept_primary_email_update(AccountId=made, PrimaryEmail=new, Otp=wrong)
    assert api.accept_primary_email_update(AccountId=made, PrimaryEmail=new, Otp=code)["Status"] == "ACCEPTED"
    assert api.get_primary_email_update_status(AccountId=made)["Status"] == "COMPLETED"
    assert world.api.describe_account(AccountId=made)["Account"]["Email"] == new


def test_codes_cannot_be_guessed(world):
    made = world.make_account("guessed")
    world.api.enable_aws_service_access(ServicePrincipal=PRINCIPAL)
    api, new = world.client("account"), f"guess-{world.account}@example.com"
    api.start_primary_email_update(AccountId=made, PrimaryEmail=new)
    for _ in range(5):
        with refused("ValidationException"):
            api.accept_primary_email_update(AccountId=made, PrimaryEmail=new, Otp="aaaaaa")
    with refused("ConflictException"):
        api.accept_primary_email_update(AccountId=made, PrimaryEmail=new, Otp="aaaaaa")


def test_telephones_are_not_called(api):
    with refused("NotImplemented"):
        api.send_phone_number_verification()
