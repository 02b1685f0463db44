"""Every operation of every service asks for permission: a user without a policy is refused and changes nothing, and
the same call is let through by a policy that allows what the published reference names, and no more."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cumulet.kernel import actions
from cumulet.kernel.access import Need
from cumulet.kernel.errors import AccessDenied, NotImplementedYet, ServiceError
from cumulet.kernel.identity import ANONYMOUS, Caller
from cumulet.kernel.kernel import Kernel
from cumulet.kernel.models import Operation
from cumulet.kernel.registry import Registry
from cumulet.kernel.scope import Scope
from cumulet.kernel.service import RequestInfo, Service
from cumulet.testing import LocalCloud
from tests.walks import belongings, inputs
from tests.walks.people import People, allowing
from tests.walks.state import differences, kept

REGISTRY = Registry("cumulet.services")

OTHER_ACTIONS = {
    "dynamodb": dict.fromkeys(
        ("BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction"),
        "the statement says which of PartiQLSelect, PartiQLInsert ... it takes",
    ),
    "iam": {"AddRoleToInstanceProfile": "the role is passed by its name, which the reference does not find an ARN for"},
}
"""Operations whose service asks for other actions than the reference names, with the reason."""

NOT_BY_A_POLICY = {"sts": {"AssumeRoot": "only for the management account of an organization, over its members"}}
"""Operations that refuse whom a policy allows them, with the reason."""

PART_BY_PART = {"s3": {"DeleteObjects"}}
"""Operations that answer for each of their parts whether it was refused."""


class Walk:
    """One service, called through the kernel as the gateway would."""

    def __init__(self, kernel: Kernel, people: People, name: str) -> None:
        self.kernel = kernel
        self.people = people
        self.service: type[Service] = REGISTRY.load(name)
        self.account = f"1{REGISTRY.names.index(name):011}"
        self.scope = Scope(account=self.account, region="us-east-1")
        self.known: dict[str, Any] = {}

    async def settle_in(self) -> None:
        """Have one of everything in the walk's account."""
        self.known = await belongings.make(self.kernel, self.service.name, self.account)

    def operations(self) -> list[Operation]:
        """Those that need a permission."""
        return [op for op in inputs.operations(self.service) if not actions.is_free(self.service.name, op.name)]

    async def call(self, operation: Operation, caller: Caller, parameters: dict[str, Any]) -> ServiceError | None:
        """The refusal, or None for an answer."""
        request = RequestInfo(id=self.kernel.ids.uuid())
        try:
            answer = await self.kernel.call(
                self.service, operation.method, caller, self.scope, request, dict(parameters)
            )
        except NotImplementedYet:
            return None
        except ServiceError as error:
            return error
        if operation.name in PART_BY_PART.get(self.service.name, ()) and answer.get("Errors"):
            return _told(answer["Errors"][0])
        return None

    async def needs(self, operation: Operation, caller: Caller, parameters: dict[str, Any]) -> list[Need]:
        """What the service asks for."""
        call = self.service(self.kernel, caller, self.scope, RequestInfo())

        def asked(tx: Any) -> list[Need]:
            return list(call.needs(tx, operation.method, dict(parameters)))

        return await self.kernel.store.read(asked)

    def refusal(self) -> ServiceError:
        """How the service says no."""
        return self.service(self.kernel, self.people.user(self.account), self.scope, RequestInfo()).denial("")

    async def refused(self, nobody: Caller, *others: str) -> list[str]:
        """What is wrong with how somebody without any permission is answered. Other codes may say no, too."""
        no = self.refusal()
        wrong = [] if self.operations() else ["there is nothing to call"]
        for operation in self.operations():
            before = kept(self.kernel)
            for parameters in (inputs.minimal(operation, self.known), inputs.fuller(operation, self.known)):
                error = await self.call(operation, nobody, parameters)
                if not _is(error, no) and (error is None or error.code not in others):
                    wrong.append(f"{operation.name} with {list(parameters)} answered {error}")
            if changes := differences(before, kept(self.kernel)):
                wrong.append(f"{operation.name} changed the store: {changes[:3]}")
        return wrong

    async def let_through(self) -> list[str]:
        """What is wrong with how a user is answered who may do exactly what the operation needs."""
        no, wrong = self.refusal(), []
        for operation in self.operations():
            parameters = inputs.minimal(operation, self.known)
            try:
                needs = await self.needs(operation, self.people.user(self.account), parameters)
            except ServiceError as error:
                wrong.append(f"{operation.name} could not be asked what it needs: {error}")
                continue
            pairs = [(need.action, need.resource) for need in needs]
            if not pairs:
                wrong.append(f"{operation.name} needs nothing")
            wrong += self._other_actions(operation, {action.lower() for action, _ in pairs}, parameters)
            wrong += await self._without_one(operation, {action for action, _ in pairs}, parameters)
            # Where AWS names no ARN ("policy path /"), only a policy about everything allows the action.
            pairs = [(action, resource if resource.startswith("arn:") else "*") for action, resource in pairs]
            also = {depending for action, _ in pairs for depending in _dependents(action)}
            allowed = allowing([*pairs, *((action, "*") for action in also)])
            error = await self.call(operation, self.people.user(self.account, *allowed), parameters)
            if operation.name in NOT_BY_A_POLICY.get(self.service.name, ()):
                continue
            if _is(error, no) and "is not authorized to perform" in error.message:
                wrong.append(f"{operation.name} with {pairs} answered {error}")
        return wrong

    async def _without_one(self, operation: Operation, needed: set[str], parameters: dict[str, Any]) -> list[str]:
        """What is wrong with how a user is answered who may do everything but one thing that the operation needs."""
        wrong = []
        for action in needed:
            everything_else = {"Effect": "Allow", "NotAction": action, "Resource": "*"}
            error = await self.call(operation, self.people.user(self.account, everything_else), parameters)
            if not _is(error, self.refusal()):
                wrong.append(f"{operation.name} without {action} answered {error}")
        return wrong

    async def asked_for_tags(self) -> list[str]:
        """What is wrong with what the service asks for where a call brings tags."""
        wrong = []
        for operation in self.operations():
            if not (tags := inputs.tags(operation)) or operation.name in OTHER_ACTIONS.get(self.service.name, {}):
                continue
            parameters = {**inputs.minimal(operation, self.known), **tags}
            table = actions.needs(self.service.name, operation.method, self.scope, parameters)
            needs = await self.needs(operation, self.people.user(self.account), parameters)
            if missing := {need.action.lower() for need in table} - {need.action.lower() for need in needs}:
                wrong.append(f"{operation.name} with {tags} does not ask for {missing}")
            own = [need for need in needs if not need.action.startswith("iam:Pass")]
            blind = [need.action for need in own if need.context.get("aws:requesttag/team") != "red"]
            wrong += [f"{operation.name}: {action} knows no aws:RequestTag" for action in blind]
        return wrong

    def _other_actions(self, operation: Operation, asked: set[str], parameters: dict[str, Any]) -> list[str]:
        name = self.service.name
        found = [need.action for need in actions.needs(name, operation.method, self.scope, parameters)]
        table = {action.lower() for action in (*found, *actions.actions_of(name, operation.name))}
        if asked == table or operation.name in OTHER_ACTIONS.get(name, {}):
            return []
        return [f"{operation.name} asks for {sorted(asked)} where the reference has {sorted(table)}"]


def _dependents(action: str) -> tuple[str, ...]:
    """What an action needs as well, by the reference, for what its service does on the caller's behalf."""
    found = actions.action(action)
    return found.depends_on if found is not None else ()


def _told(part: dict[str, Any]) -> ServiceError:
    refusal = AccessDenied(part["Message"])
    assert part["Code"] == refusal.code
    return refusal


def _is(error: ServiceError | None, refusal: ServiceError) -> bool:
    return error is not None and (error.code, error.status) == (refusal.code, refusal.status)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    with LocalCloud(tmp_path_factory.mktemp("authorisation")) as running:
        yield running


@pytest.fixture(scope="module")
def people(cloud):
    return People(cloud.cloud.kernel)


@pytest.fixture(scope="module")
def walks(cloud, people):
    """One walk for each service, with one of everything in its account."""
    made: dict[str, Walk] = {}

    def walk(name: str) -> Walk:
        if name not in made:
            new = Walk(cloud.cloud.kernel, people, name)
            cloud.run(new.settle_in())
            made[name] = new
        return made[name]

    return walk


@pytest.mark.spec("security:IAM-66", "security:IAM-18")
@pytest.mark.parametrize("name", REGISTRY.names)
def test_a_user_without_a_policy_can_do_nothing_in_any_service(cloud, walks, name):
    walk = walks(name)
    wrong = cloud.run(walk.refused(walk.people.user(walk.account)))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", REGISTRY.names)
def test_somebody_whom_nobody_knows_can_do_nothing_in_any_service(cloud, walks, name):
    wrong = cloud.run(walks(name).refused(ANONYMOUS, "MissingAuthenticationToken"))
    assert not wrong, "\n".join(wrong)


@pytest.mark.spec("security:IAM-17")
@pytest.mark.parametrize("name", REGISTRY.names)
def test_a_policy_that_allows_what_an_operation_needs_lets_it_through(cloud, walks, name):
    wrong = cloud.run(walks(name).let_through())
    assert not wrong, "\n".join(wrong)


@pytest.mark.spec("security:IAM-07")
@pytest.mark.parametrize("name", REGISTRY.names)
def test_tags_of_a_call_are_asked_about(cloud, walks, name):
    wrong = cloud.run(walks(name).asked_for_tags())
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def somebody(cloud, account):
    """A user of a new account: her clients, and what gives her a policy."""
    iam = cloud.client("iam", account=account)
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    def allow(*actions: str) -> None:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=document)

    arn = f"arn:aws:iam::{account}:user/ann"
    return SimpleNamespace(arn=arn, client=lambda service: cloud.client(service, **keys), allow=allow)


@pytest.mark.spec("security:IAM-17", "security:IAM-66")
def test_each_protocol_has_its_own_way_to_say_no_and_a_policy_turns_it_into_yes(somebody):
    calls = {
        "iam": ("list_users", "iam:ListUsers", "AccessDenied", 403),
        "sqs": ("list_queues", "sqs:listqueues", "AccessDenied", 403),
        "kms": ("list_keys", "kms:ListKeys", "AccessDeniedException", 400),
        "cloudtrail": ("lookup_events", "cloudtrail:LookupEvents", "AccessDeniedException", 400),
    }
    for service, (method, action, code, status) in calls.items():
        with pytest.raises(ClientError) as refused:
            getattr(somebody.client(service), method)()
        answer = refused.value.response
        assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
        told = f"User: {somebody.arn} is not authorized to perform: {action}"
        assert answer["Error"]["Message"].startswith(told)

    somebody.allow(*(action for _, action, _, _ in calls.values()))

    for service, (method, *_) in calls.items():
        getattr(somebody.client(service), method)()


def test_everybody_may_ask_who_he_is(somebody):
    identity = somebody.client("sts").get_caller_identity()
    assert identity["Arn"] == somebody.arn
    assert somebody.client("sts").get_session_token()["Credentials"]["AccessKeyId"].startswith("ASIA")
