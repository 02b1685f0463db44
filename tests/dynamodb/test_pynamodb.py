"""PynamoDB: models, indexes, batches, versions and transactions of an object mapper."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    NumberSetAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)  # fmt: skip
from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, TableError, TransactWriteError, UpdateError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite


class Place(MapAttribute):
    town = UnicodeAttribute()
    rooms = ListAttribute(of=NumberAttribute, default=list)


@pytest.fixture
def song(shared_cloud, account) -> Any:
    """A model with its table; its classes are made anew, since they keep their connection."""

    class Labels(GlobalSecondaryIndex):
        class Meta:
            index_name = "labels"
            projection = AllProjection()

        label = UnicodeAttribute(hash_key=True)
        year = NumberAttribute(range_key=True)

    class Years(LocalSecondaryIndex):
        class Meta:
            index_name = "years"
            projection = KeysOnlyProjection()

        artist = UnicodeAttribute(hash_key=True)
        year = NumberAttribute(range_key=True)

    class Song(Model):
        class Meta:
            table_name = "songs"
            billing_mode = "PAY_PER_REQUEST"
            host = shared_cloud.url
            region = "us-east-1"
            aws_access_key_id = account
            aws_secret_access_key = "test"

        artist = UnicodeAttribute(hash_key=True)
        title = UnicodeAttribute(range_key=True)
        year = NumberAttribute(null=True)
        label = UnicodeAttribute(null=True)
        live = BooleanAttribute(default=False)
        tags = UnicodeSetAttribute(null=True)
        marks = NumberSetAttribute(null=True)
        cover = BinaryAttribute(null=True, legacy_encoding=False)
        made = UTCDateTimeAttribute(null=True)
        until = TTLAttribute(null=True)
        place = Place(null=True)
        notes = JSONAttribute(null=True)
        plays = NumberAttribute(default=0)
        labels = Labels()
        years = Years()

    Song.create_table(wait=True)
    return Song


def titles(found: Any) -> list[str]:
    return [each.title for each in found]


def fill(song: Any, count: int) -> None:
    with song.batch_write() as batch:
        for n in range(count):
            batch.save(song("a", f"t{n:02}", year=2000 - n, label="l", plays=n))


@pytest.mark.spec("data:DDB-06", "data:DDB-07", "data:DDB-10")
def test_a_model_is_saved_read_and_deleted(song):
    made = datetime(2020, 5, 17, 1, 2, 3, 400, tzinfo=UTC)
    song(
        "a", "t", year=1999, tags={"x", "y"}, marks={1, 2.5}, cover=b"\0\xff", made=made,
        place=Place(town="é", rooms=[1]), notes={"deep": [1, None]},
    ).save()  # fmt: skip
    found = song.get("a", "t", consistent_read=True)

    assert (found.year, found.tags, found.marks, found.cover, found.made) == (
        1999,
        {"x", "y"},
        {1, 2.5},
        b"\0\xff",
        made,
    )
    assert (found.place.town, found.place.rooms, found.notes, found.live) == ("é", [1], {"deep": [1, None]}, False)
    found.delete()
    with pytest.raises(DoesNotExist):
        found.refresh()


@pytest.mark.spec("data:DDB-15", "data:DDB-25", "data:DDB-26")
def test_models_are_found_by_their_keys_and_indexes(song):
    fill(song, 60)

    assert titles(song.query("a", song.title.between("t10", "t12"))) == ["t10", "t11", "t12"]
    assert titles(song.query("a", song.title.startswith("t1"), song.plays.is_in(11, 15))) == ["t11", "t15"]
    assert titles(song.labels.query("l", song.year > 1997)) == ["t02", "t01", "t00"]
    assert titles(song.years.query("a", song.year <= 1943, scan_index_forward=False)) == ["t57", "t58", "t59"]
    assert titles(song.query("a", limit=2, page_size=1, scan_index_forward=False)) == ["t59", "t58"]
    assert (song.count("a"), song.labels.count("l", song.year < 1950), song.count()) == (60, 9, 60)


@pytest.mark.spec("data:DDB-16", "data:DDB-17")
def test_scans_go_page_by_page_in_segments_and_on_from_where_they_stopped(song):
    fill(song, 40)
    with song.batch_write() as batch:
        for n in range(20):
            batch.save(song(f"other-{n}", "t"))

    first = song.scan(limit=7, page_size=3)
    seen = [(each.artist, each.title) for each in first]
    rest = [(each.artist, each.title) for each in song.scan(last_evaluated_key=first.last_evaluated_key, page_size=5)]
    parts = [
        (each.artist, each.title)
        for segment in range(3)
        for each in song.scan(segment=segment, total_segments=3, page_size=4)
    ]
    assert len(seen) == 7 and len(set(seen + rest)) == len(seen + rest) == 60
    assert sorted(parts) == sorted(seen + rest)
    assert len(titles(song.scan(song.plays >= 30))) == 10


@pytest.mark.spec("data:DDB-14")
def test_batches_write_read_and_delete_more_than_a_request_takes(song):
    fill(song, 130)
    keys = [("a", f"t{n:02}") for n in range(130)]
    assert len(list(song.batch_get([*keys, ("a", "none")]))) == 130
    with song.batch_write() as batch:
        for each in song.query("a", song.title < "t98"):
            batch.delete(each)
    assert song.count("a") == 2


@pytest.mark.spec("data:DDB-08", "data:DDB-09", "data:DDB-11")
def test_updates_and_conditions(song):
    one = song("a", "t", tags={"x"}, marks={1, 2}, place=Place(town="here", rooms=[1, 2]))
    one.save(song.artist.does_not_exist())
    with pytest.raises(PutError) as refused:
        one.save(song.artist.does_not_exist())
    assert refused.value.cause_response_code == "ConditionalCheckFailedException"

    one.update(
        [
            song.plays.set(song.plays + 2), song.tags.add({"y"}), song.marks.delete({1}), song.place.town.set("there"),
            song.place.rooms.set(song.place.rooms.append([3])), song.year.set(song.year | 1999), song.live.remove(),
        ],
        condition=(song.plays == 0) & song.tags.contains("x"),
    )  # fmt: skip
    assert (one.plays, one.tags, one.marks, one.year) == (2, {"x", "y"}, {2}, 1999)
    assert (one.place.town, one.place.rooms) == ("there", [1, 2, 3])
    with pytest.raises(UpdateError):
        one.update([song.plays.set(9)], condition=song.place.town.startswith("here"))
    with pytest.raises(DeleteError):
        one.delete(song.plays.exists() & (song.plays > 2))
    one.delete(song.plays == 2)
    assert song.count() == 0


@pytest.mark.spec("data:DDB-11")
def test_who_saves_an_old_version_is_refused(song):
    class Versioned(Model):
        class Meta(song.Meta):
            table_name = "versioned"

        name = UnicodeAttribute(hash_key=True)
        text = UnicodeAttribute(null=True)
        version = VersionAttribute()

    Versioned.create_table(wait=True)
    first = Versioned("a")
    first.save()
    second = Versioned.get("a")
    first.update([Versioned.text.set("mine")])
    second.text = "yours"
    with pytest.raises(PutError):
        second.save()
    assert (first.version, Versioned.get("a").text) == (2, "mine")


@pytest.mark.spec("data:DDB-11")
def test_transactions_happen_wholly_or_not_at_all(song, shared_cloud):
    meta = song.Meta
    connection = Connection(region=meta.region, host=meta.host)
    connection.session.set_credentials(meta.aws_access_key_id, meta.aws_secret_access_key)
    song("a", "1").save()
    with TransactWrite(connection=connection, client_request_token="token-1") as transaction:
        transaction.save(song("a", "2"), condition=song.artist.does_not_exist())
        transaction.update(song("a", "1"), actions=[song.plays.add(5)])
        transaction.condition_check(song, "a", "none", condition=song.artist.does_not_exist())
    with pytest.raises(TransactWriteError) as refused, TransactWrite(connection=connection) as transaction:
        transaction.delete(song("a", "2"))
        transaction.update(song("a", "1"), actions=[song.plays.add(5)], condition=song.plays == 0)
    assert [each and each.code for each in refused.value.cancellation_reasons] == [None, "ConditionalCheckFailed"]
    with TransactGet(connection=connection) as reading:
        one, two = reading.get(song, "a", "1"), reading.get(song, "a", "2")
    assert (one.get().plays, two.get().plays) == (5, 0)


def test_tables_are_described_and_go(song):
    assert song.exists()
    with pytest.raises(TableError, match="TimeToLive is already enabled"):
        song.update_ttl(ignore_update_ttl_errors=False)
    assert song.describe_table()["TableStatus"] == "ACTIVE"
    song.delete_table()
    assert not song.exists()
