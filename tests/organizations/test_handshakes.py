"""Handshakes: invitations, their end by answer or by time, and the way to all features."""

from __future__ import annotations

import pytest

from tests.organizations.conftest import World, refused

GUEST = "222222222222"


@pytest.fixture
def guest(world):
    """An account that belongs to no organization, and its client."""
    number = f"9{world.account[1:]}"
    return number, world.client("organizations", number)


@pytest.mark.spec("security:ORG-01")
def test_an_invited_account_joins_by_accepting(world, guest):
    number, client = guest
    party = {"Type": "ACCOUNT", "Id": number}
    sent = world.api.invite_account_to_organization(
        Target=party, Notes="come in", Tags=[{"Key": "from", "Value": "outside"}]
    )["Handshake"]
    assert (sent["State"], sent["Action"]) == ("OPEN", "INVITE")
    assert (sent["ExpirationTimestamp"] - sent["RequestedTimestamp"]).days == 15
    assert party in sent["Parties"]
    assert {"Type": "NOTES", "Value": "come in"} in sent["Resources"]
    assert [h["Id"] for h in client.list_handshakes_for_account()["Handshakes"]] == [sent["Id"]]
    assert client.accept_handshake(HandshakeId=sent["Id"])["Handshake"]["State"] == "ACCEPTED"
    assert client.describe_organization()["Organization"]["Id"] == world.id
    assert world.api.describe_account(AccountId=number)["Account"]["JoinedMethod"] == "INVITED"
    assert world.api.list_tags_for_resource(ResourceId=number)["Tags"] == [{"Key": "from", "Value": "outside"}]
    assert world.api.list_handshakes_for_organization()["Handshakes"][0]["State"] == "ACCEPTED"
    with refused("HandshakeAlreadyInStateException"):
        client.accept_handshake(HandshakeId=sent["Id"])
    with refused("InvalidHandshakeTransitionException"):
        world.api.cancel_handshake(HandshakeId=sent["Id"])
    with refused("HandshakeConstraintViolationException", "ALREADY_IN_AN_ORGANIZATION"):
        world.invite(number)


def test_an_account_is_invited_by_its_address(world, guest):
    number, client = guest
    email = f"{number}@accounts.cumulet.internal"
    sent = world.api.invite_account_to_organization(Target={"Type": "EMAIL", "Id": email})["Handshake"]
    client.accept_handshake(HandshakeId=sent["Id"])
    assert world.api.describe_account(AccountId=number)["Account"]["Email"] == email
    with refused("InvalidInputException", "INVALID_EMAIL_ADDRESS_TARGET"):
        world.api.invite_account_to_organization(Target={"Type": "EMAIL", "Id": "nobody@example.com"})


def test_only_the_recipient_answers_and_only_the_sender_cancels(world, guest):
    number, client = guest
    sent = world.invite(number)
    with refused("DuplicateHandshakeException"):
        world.invite(number)
    for call in (world.api.accept_handshake, world.api.decline_handshake, client.cancel_handshake):
        with refused("HandshakeNotFoundException"):
            call(HandshakeId=sent)
    with refused("HandshakeNotFoundException"):
        world.client("organizations", f"7{world.account[1:]}").describe_handshake(HandshakeId=sent)
    assert client.decline_handshake(HandshakeId=sent)["Handshake"]["State"] == "DECLINED"
    again = world.invite(number)
    assert world.api.cancel_handshake(HandshakeId=again)["Handshake"]["State"] == "CANCELED"
    with refused("InvalidHandshakeTransitionException"):
        client.accept_handshake(HandshakeId=again)


def test_an_account_of_another_organization_cannot_accept(world, guest):
    number, client = guest
    client.create_organization()
    sent = world.invite(number)
    with refused("HandshakeConstraintViolationException", "ALREADY_IN_AN_ORGANIZATION"):
        client.accept_handshake(HandshakeId=sent)
    assert world.api.describe_handshake(HandshakeId=sent)["Handshake"]["State"] == "OPEN"


def test_an_invitation_expires_and_is_forgotten(own_cloud):
    world = World(own_cloud, "111111111111")
    sent = world.invite(GUEST)
    client = world.client("organizations", GUEST)
    own_cloud.advance(days=15)
    assert client.describe_handshake(HandshakeId=sent)["Handshake"]["State"] == "EXPIRED"
    with refused("InvalidHandshakeTransitionException"):
        client.accept_handshake(HandshakeId=sent)
    own_cloud.advance(days=29)
    assert len(client.list_handshakes_for_account()["Handshakes"]) == 1
    own_cloud.advance(days=2)
    assert client.list_handshakes_for_account()["Handshakes"] == []
    with refused("HandshakeNotFoundException"):
        client.describe_handshake(HandshakeId=sent)


def test_all_features_need_the_approval_of_invited_accounts(shared_cloud, account):
    world = World(shared_cloud, account, "CONSOLIDATED_BILLING")
    number = f"9{account[1:]}"
    world.join(number)
    world.make_account("created")
    with refused("PolicyTypeNotAvailableForOrganizationException"):
        world.enable("SERVICE_CONTROL_POLICY")
    own = world.api.enable_all_features()["Handshake"]
    assert (own["Action"], own["State"]) == ("ENABLE_ALL_FEATURES", "REQUESTED")
    with refused("InvalidHandshakeTransitionException"):
        world.api.accept_handshake(HandshakeId=own["Id"])
    with refused("HandshakeConstraintViolationException", "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"):
        world.invite(f"7{account[1:]}")
    chosen = {"ParentHandshakeId": own["Id"]}
    (asked,) = world.api.list_handshakes_for_organization(Filter=chosen)["Handshakes"]
    assert asked["Action"] == "APPROVE_ALL_FEATURES"
    world.client("organizations", number).accept_handshake(HandshakeId=asked["Id"])
    assert world.api.accept_handshake(HandshakeId=own["Id"])["Handshake"]["State"] == "ACCEPTED"
    assert world.api.describe_organization()["Organization"]["FeatureSet"] == "ALL"
    world.enable("SERVICE_CONTROL_POLICY")
    with refused("HandshakeConstraintViolationException", "ORGANIZATION_ALREADY_HAS_ALL_FEATURES"):
        world.api.enable_all_features()


def test_a_transfer_of_responsibility_goes_through_its_states(own_cloud):
    world, other = World(own_cloud, "111111111111"), World(own_cloud, GUEST)
    start = (own_cloud.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)).replace(year=2031)
    party = {"Type": "ACCOUNT", "Id": GUEST}
    asked = {"Type": "BILLING", "Target": party, "SourceName": "theirs"}
    with refused("InvalidInputException", "START_DATE_NOT_BEGINNING_OF_MONTH"):
        world.api.invite_organization_to_transfer_responsibility(StartTimestamp=start.replace(day=2), **asked)
    sent = world.api.invite_organization_to_transfer_responsibility(StartTimestamp=start, **asked)["Handshake"]
    (inbound,) = world.api.list_inbound_responsibility_transfers(Type="BILLING")["ResponsibilityTransfers"]
    assert (inbound["Status"], inbound["ActiveHandshakeId"]) == ("REQUESTED", sent["Id"])
    other.api.accept_handshake(HandshakeId=sent["Id"])
    (outbound,) = other.api.list_outbound_responsibility_transfers(Type="BILLING")["ResponsibilityTransfers"]
    assert (outbound["Status"], outbound["Source"]["ManagementAccountId"]) == ("ACCEPTED", GUEST)
    renamed = world.api.update_responsibility_transfer(Id=inbound["Id"], Name="ours")["ResponsibilityTransfer"]
    assert renamed["Name"] == "ours"
    ended = other.api.terminate_responsibility_transfer(Id=inbound["Id"])["ResponsibilityTransfer"]
    assert ended["Status"] == "WITHDRAWN"
    with refused("ResponsibilityTransferAlreadyInStatusException"):
        world.api.terminate_responsibility_transfer(Id=inbound["Id"])
