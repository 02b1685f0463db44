"""Point-in-time recovery: its window, tables as they were, and what deleted tables leave behind."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from cumulet.kernel.scope import Scope
from cumulet.services.dynamodb import items, recovery, tables
from cumulet.services.dynamodb.schema import Schema
from cumulet.services.dynamodb.tables import Table
from tests.conftest import connect
from tests.dynamodb.tables import define, refusal
from tests.dynamodb.test_backups import fill, put, songs


@pytest.fixture
def cloud(own_cloud):
    return own_cloud


@pytest.fixture
def dynamodb(own_cloud, account) -> Any:
    return connect(own_cloud, "dynamodb", account=account)


def recover(dynamodb: Any, enabled: bool = True, **more: Any) -> dict[str, Any]:
    wanted = {"PointInTimeRecoveryEnabled": enabled, **more}
    answer = dynamodb.update_continuous_backups(TableName="music", PointInTimeRecoverySpecification=wanted)
    return answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]


def window(dynamodb: Any) -> tuple[datetime, datetime]:
    answer = dynamodb.describe_continuous_backups(TableName="music")["ContinuousBackupsDescription"]
    shown = answer["PointInTimeRecoveryDescription"]
    return shown["EarliestRestorableDateTime"], shown["LatestRestorableDateTime"]


def restore(dynamodb: Any, name: str, when: datetime) -> None:
    dynamodb.restore_table_to_point_in_time(TargetTableName=name, SourceTableName="music", RestoreDateTime=when)


@pytest.mark.spec("data:DDB-30")
def test_recovery_is_off_until_it_is_turned_on(dynamodb):
    dynamodb.create_table(**define())
    off = dynamodb.describe_continuous_backups(TableName="music")["ContinuousBackupsDescription"]
    assert off == {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
    }
    on = recover(dynamodb)
    assert (on["PointInTimeRecoveryStatus"], on["RecoveryPeriodInDays"]) == ("ENABLED", 35)
    assert recover(dynamodb, RecoveryPeriodInDays=3)["RecoveryPeriodInDays"] == 3
    assert recover(dynamodb)["RecoveryPeriodInDays"] == 3
    assert recover(dynamodb, enabled=False) == {"PointInTimeRecoveryStatus": "DISABLED"}


@pytest.mark.spec("data:DDB-30")
def test_a_table_is_restored_to_any_second(cloud, dynamodb):
    dynamodb.create_table(**define())
    fill(dynamodb, 3)
    recover(dynamodb)
    instants = [cloud.now()]
    states = [songs(dynamodb)]
    for step in range(1, 6):
        cloud.advance(seconds=1)
        put(dynamodb, "a0", "s0", plays=100 * step)
        put(dynamodb, "b", f"new{step}", plays=step)
        dynamodb.delete_item(TableName="music", Key={"artist": {"S": "b"}, "song": {"S": f"new{step - 2}"}})
        instants.append(cloud.now())
        states.append(songs(dynamodb))
    cloud.advance(seconds=1)

    for number, when in enumerate(instants):
        restore(dynamodb, f"as-of-{number}", when)

    assert [songs(dynamodb, f"as-of-{number}") for number in range(6)] == states
    assert songs(dynamodb) == states[-1]


@pytest.mark.spec("data:DDB-30")
def test_the_latest_state_of_a_table_named_by_its_arn(dynamodb):
    arn = dynamodb.create_table(**define())["TableDescription"]["TableArn"]
    recover(dynamodb)
    fill(dynamodb, 3)
    dynamodb.restore_table_to_point_in_time(
        TargetTableName="again", SourceTableArn=arn, UseLatestRestorableTime=True, BillingModeOverride="PAY_PER_REQUEST"
    )
    found = dynamodb.describe_table(TableName="again")["Table"]
    assert songs(dynamodb, "again") == songs(dynamodb)
    assert found["RestoreSummary"]["SourceTableArn"] == arn
    assert "SourceBackupArn" not in found["RestoreSummary"]


@pytest.mark.spec("data:DDB-30")
def test_the_window_moves_with_the_clock(cloud, dynamodb):
    dynamodb.create_table(**define())
    recover(dynamodb)
    since, _ = window(dynamodb)
    cloud.advance(days=34)
    assert window(dynamodb)[0] == since
    cloud.advance(days=2)
    earliest, latest = window(dynamodb)
    assert latest - earliest == timedelta(days=35)
    assert recover(dynamodb, RecoveryPeriodInDays=1)["EarliestRestorableDateTime"] > latest - timedelta(days=1.01)

    code, words = refusal(
        dynamodb.restore_table_to_point_in_time, TargetTableName="again", SourceTableName="music", RestoreDateTime=since
    )
    assert code == "InvalidRestoreTimeException"
    assert words.startswith("An invalid restore time was specified.")


def test_turning_recovery_off_forgets_what_was(cloud, dynamodb):
    dynamodb.create_table(**define())
    recover(dynamodb)
    fill(dynamodb, 2)
    earlier = cloud.now()
    recover(dynamodb, enabled=False)
    cloud.advance(hours=1)
    given = {"TargetTableName": "again", "SourceTableName": "music", "RestoreDateTime": earlier}
    assert refusal(dynamodb.restore_table_to_point_in_time, **given) == (
        "PointInTimeRecoveryUnavailableException",
        "Point in time recovery is not enabled for table 'music'",
    )
    recover(dynamodb)
    assert refusal(dynamodb.restore_table_to_point_in_time, **given)[0] == "InvalidRestoreTimeException"
    assert kept(cloud) == 0


def kept(cloud: Any) -> int:
    """How many entries of history there are in the cloud."""
    with cloud.cloud.kernel.store.snapshot() as tx:
        return sum(1 for found, _ in tx.items(("dynamodb",)) if "history" in found)


def test_what_nobody_can_ask_for_any_more_is_forgotten(cloud, dynamodb):
    dynamodb.create_table(**define())
    recover(dynamodb, RecoveryPeriodInDays=2)
    fill(dynamodb, 5)
    fill(dynamodb, 5)
    cloud.advance(days=1.5)
    put(dynamodb, "a0", "s0", plays=7)
    assert kept(cloud) == 11
    cloud.advance(days=1.5)
    assert kept(cloud) == 1
    middle = window(dynamodb)[0] + timedelta(seconds=1)
    restore(dynamodb, "again", middle)
    assert songs(dynamodb, "again")["s0"] == "0"
    cloud.advance(days=3)
    assert kept(cloud) == 0


@pytest.mark.spec("data:DDB-30")
def test_a_deleted_table_with_recovery_leaves_a_backup_for_35_days(cloud, dynamodb):
    dynamodb.create_table(**define())
    recover(dynamodb)
    fill(dynamodb, 4)
    dynamodb.delete_table(TableName="music")

    assert dynamodb.list_backups()["BackupSummaries"] == []
    (found,) = dynamodb.list_backups(BackupType="SYSTEM")["BackupSummaries"]
    assert found["BackupName"] == "music$DeletedTableBackup"
    assert found["BackupExpiryDateTime"] - found["BackupCreationDateTime"] == timedelta(days=35)
    dynamodb.restore_table_from_backup(TargetTableName="music", BackupArn=found["BackupArn"])
    assert len(songs(dynamodb)) == 4
    cloud.advance(days=36)
    assert dynamodb.list_backups(BackupType="ALL")["BackupSummaries"] == []


@pytest.mark.spec("data:DDB-30")
def test_a_restore_goes_on_when_its_source_is_deleted(cloud, dynamodb, monkeypatch):
    monkeypatch.setattr(recovery, "_PLACES_AT_ONCE", 2)
    dynamodb.create_table(**define())
    recover(dynamodb)
    fill(dynamodb, 20)
    states = songs(dynamodb)
    when = cloud.now()
    cloud.advance(seconds=1)
    fill(dynamodb, 10)
    put(dynamodb, "a0", "s0", plays=99)
    restore(dynamodb, "again", when)
    dynamodb.delete_table(TableName="music")
    cloud.settle()
    assert songs(dynamodb, "again") == states
    with cloud.cloud.kernel.store.snapshot() as tx:
        left = [found for found, _ in tx.items(("dynamodb",)) if "readers" in found or "history" in found]
    assert left == []


def test_what_a_request_for_recovery_may_not_say(dynamodb):
    given = {"PointInTimeRecoveryEnabled": True}
    for call, more in (
        (dynamodb.describe_continuous_backups, {}),
        (dynamodb.update_continuous_backups, {"PointInTimeRecoverySpecification": given}),
    ):
        assert refusal(call, TableName="music", **more) == ("TableNotFoundException", "Table not found: music")
    dynamodb.create_table(**define())
    too_long = {**given, "RecoveryPeriodInDays": 36}
    call = dynamodb.update_continuous_backups
    assert refusal(call, TableName="music", PointInTimeRecoverySpecification=too_long)[0] == "ValidationException"
    restoring = dynamodb.restore_table_to_point_in_time
    assert refusal(restoring, TargetTableName="again", SourceTableName="music")[0] == "ValidationException"
    assert refusal(restoring, TargetTableName="again", UseLatestRestorableTime=True)[0] == "ValidationException"
    latest = {"UseLatestRestorableTime": True, "SourceTableName": "music"}
    assert refusal(restoring, TargetTableName="music", **latest)[0] == "TableAlreadyExistsException"


# Rules against a model


PLACES = [(number % 4, bytes([number]), b"") for number in range(12)]


@pytest.mark.parametrize("seed", range(8))
def test_readers_see_one_instant_while_others_write(own_cloud, seed, monkeypatch):
    """Random changes, some in the same instant, while readers that began at random go through the table."""
    monkeypatch.setattr(recovery, "_PLACES_AT_ONCE", 2)
    monkeypatch.setattr(recovery, "_LEAFED_THROUGH", 2 + seed % 3)
    own_cloud.run(_readers_against_a_model(own_cloud.cloud.kernel, random.Random(seed)))


async def _readers_against_a_model(kernel: Any, chance: random.Random) -> None:
    kernel.clock.set_rate(0)
    scope = Scope()
    made = Table(
        id="t", name="model", scope=scope, schema=Schema(hash="k", hash_type="S"), types={"k": "S"},
        created=kernel.clock.now(),
    )  # fmt: skip
    await kernel.store.write(lambda tx: tables.put(tx, made))
    model: dict[Any, Any] = {}
    instants: list[tuple[int, dict[Any, Any]]] = []
    readers: list[list[Any]] = []
    for step in range(150):
        action = chance.choice(["change", "change", "change", "wait", "pin", "read", "note"])
        if action == "change":
            place, new = chance.choice(PLACES), {"v": {"N": str(step)}} if chance.random() < 0.7 else None

            def change(tx: Any, place: Any = place, new: Any = new) -> None:
                table = tables.get(tx, scope, "model")
                items.change(tx, table, place, items.find(tx, table, place), new)

            await kernel.store.write(change)
            model[place] = new
        elif action == "wait":
            kernel.clock.advance(timedelta(microseconds=chance.randint(1, 3)))
        elif action == "note" and step > 30:

            def note(tx: Any) -> int:
                table = tables.get(tx, scope, "model")
                if table.recovery is None:
                    table = recovery.enable(tx, table, None)
                    tables.put(tx, table)
                return recovery.now(tx, table)

            # An instant is over when time has gone on.
            instants.append((await kernel.store.write(note), dict(model)))
            kernel.clock.advance(timedelta(microseconds=2 + len(readers)))
        elif action == "pin":
            table, at = await kernel.store.write(
                lambda tx, step=step: recovery.pin(tx, tables.get(tx, scope, "model"), f"r{step}")
            )
            readers.append([table, at, None, {}, dict(model), f"r{step}", False])
        elif readers:
            await _read_on(kernel, chance.choice(readers))
    for reader in readers:
        while not reader[-1]:
            await _read_on(kernel, reader)
    for at, state in instants:
        reader = [await kernel.store.read(tables.get, scope, "model"), at, None, {}, state, "", False]
        while not reader[-1]:
            await _read_on(kernel, reader)
    await kernel.store.write(lambda tx: tx.delete_range(("dynamodb",)))


async def _read_on(kernel: Any, reader: list[Any]) -> None:
    table, at, after, found, state, name, is_done = reader
    if is_done:
        return
    portion = await kernel.store.read(recovery.portion, table, at, after)
    found.update(portion.found)
    reader[2] = portion.next
    if portion.next is None:
        reader[-1] = True
        assert {p: items.decode(data) for p, data in found.items()} == {p: i for p, i in state.items() if i is not None}
        if name:
            await kernel.store.write(recovery.unpin, table, name)
