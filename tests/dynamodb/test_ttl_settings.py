"""Time to live as it is set; that items expire is tested in test_ttl.py."""

from __future__ import annotations

from typing import Any

from tests.conftest import connect
from tests.dynamodb.tables import define, refusal


def test_time_to_live_is_switched_on_and_off_an_hour_apart(own_cloud, account):
    dynamodb = connect(own_cloud, "dynamodb", account=account)
    dynamodb.create_table(**define())

    def setting(attribute: str, enabled: bool) -> dict[str, Any]:
        return {
            "TableName": "music",
            "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": enabled},
        }

    def status() -> dict[str, str]:
        described: dict[str, str] = dynamodb.describe_time_to_live(TableName="music")["TimeToLiveDescription"]
        return described

    assert status() == {"TimeToLiveStatus": "DISABLED"}
    off = refusal(dynamodb.update_time_to_live, **setting("until", False))
    assert off == ("ValidationException", "TimeToLive is already disabled")
    answer = dynamodb.update_time_to_live(**setting("until", True))
    assert answer["TimeToLiveSpecification"] == {"AttributeName": "until", "Enabled": True}
    assert status() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}

    assert refusal(dynamodb.update_time_to_live, **setting("until", True))[1] == "TimeToLive is already enabled"
    other = "TimeToLive is active on a different AttributeName: current AttributeName is until"
    assert refusal(dynamodb.update_time_to_live, **setting("expires", True))[1] == other
    early = "Time to live has been modified multiple times within a fixed interval"
    assert refusal(dynamodb.update_time_to_live, **setting("until", False))[1] == early

    own_cloud.advance(hours=1)
    dynamodb.update_time_to_live(**setting("until", False))
    assert status() == {"TimeToLiveStatus": "DISABLED"}
