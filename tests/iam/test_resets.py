"""What survives: a reset forgets what IAM keeps and what anybody was allowed; a restart forgets nothing."""

from __future__ import annotations

from functools import partial

from cumulet.testing import LocalCloud
from tests.admin_client import call
from tests.conftest import connect
from tests.iam.policies import ALLOW_ALL, FOR_EC2, acting, refused, user_with

ALICE, BOB = "111111111111", "222222222222"


def test_a_reset_of_one_account_forgets_its_users_and_their_keys_alone(own_cloud):
    iams = {account: connect(own_cloud, "iam", account=account) for account in (ALICE, BOB)}
    keys = {account: user_with(iam, "david", ALLOW_ALL) for account, iam in iams.items()}
    own = {account: acting(partial(connect, own_cloud, account=""), key) for account, key in keys.items()}
    assert own[ALICE].list_users()["Users"]

    assert call(own_cloud.url, "POST", "/_cumulet/reset", {"service": "iam", "account": ALICE})[0] == 200

    assert iams[ALICE].list_users()["Users"] == []
    assert refused(own[ALICE].list_users).startswith("InvalidClientTokenId")
    assert len(own[BOB].list_users()["Users"]) == 1


def test_a_reset_of_iam_forgets_the_users_of_all_accounts(own_cloud):
    iam = connect(own_cloud, "iam", account=ALICE)
    own = acting(partial(connect, own_cloud, account=""), user_with(iam, "david", ALLOW_ALL))
    assert own.list_users()["Users"]

    assert call(own_cloud.url, "POST", "/_cumulet/reset", {"service": "iam"})[0] == 200

    assert refused(own.list_users).startswith("InvalidClientTokenId")
    again = acting(partial(connect, own_cloud, account=""), user_with(iam, "david"))
    assert refused(again.list_users).startswith("AccessDenied")


def test_users_and_what_they_may_do_survive_a_restart(tmp_path):
    with LocalCloud(tmp_path / "cloud") as cloud:
        iam = connect(cloud, "iam", account=ALICE)
        key = user_with(iam, "david", ALLOW_ALL)
        iam.create_role(RoleName="web", AssumeRolePolicyDocument=FOR_EC2)
    with LocalCloud(tmp_path / "cloud") as cloud:
        own = acting(partial(connect, cloud, account=""), key)
        assert own.get_user()["User"]["UserName"] == "david"
        assert own.get_role(RoleName="web")["Role"]["RoleName"] == "web"
