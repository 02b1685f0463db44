"""Event selectors: which events a trail or an event data store takes.

Source: CloudTrail API Reference, PutEventSelectors, AdvancedFieldSelector; User Guide, logging data events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cumulet.services.cloudtrail import resources
from cumulet.services.cloudtrail.errors import InvalidEventSelectorsException

Selector = Mapping[str, Any]
Accepts = Callable[[Mapping[str, Any]], bool]

DEFAULT: tuple[Selector, ...] = (
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    },
)
_MOST_BASIC, _MOST_DATA_RESOURCES, _MOST_CONDITIONS = 5, 250, 500
_BASIC_TYPES = ("AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table")
_EXCLUDABLE = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
_FIELDS = (
    "readOnly", "eventSource", "eventName", "eventCategory", "eventType", "resources.type", "resources.ARN",
    "userIdentity.arn", "sessionCredentialFromConsole", "errorCode", "vpcEndpointId",
)  # fmt: skip
_CATEGORIES = ("Management", "Data", "NetworkActivity")
_OF_STORES = ("Insight", "ActivityAuditLog")
"""Categories of event data stores alone, which take no further fields but eventSource."""
_ONLY_EQUALS = ("readOnly", "eventCategory", "resources.type", "sessionCredentialFromConsole")
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "Equals": str.__eq__,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
}


def check_basic(selectors: Sequence[Selector]) -> tuple[Selector, ...]:
    """The selectors with their defaults. Raises InvalidEventSelectorsException."""
    if not 1 <= len(selectors) <= _MOST_BASIC:
        raise InvalidEventSelectorsException(f"A trail can have between 1 and {_MOST_BASIC} event selectors.")
    total = 0
    for selector in selectors:
        for each in selector.get("DataResources", ()):
            if each.get("Type") not in _BASIC_TYPES:
                raise InvalidEventSelectorsException(
                    f"Value {each.get('Type')} for DataResources.Type is invalid. Valid values: {_listed(_BASIC_TYPES)}"
                )
            total += len(each.get("Values", ()))
        for source in selector.get("ExcludeManagementEventSources", ()):
            if source not in _EXCLUDABLE:
                raise InvalidEventSelectorsException(
                    f"Value {source} for ExcludeManagementEventSources is invalid. Valid values: {_listed(_EXCLUDABLE)}"
                )
    if total > _MOST_DATA_RESOURCES:
        raise InvalidEventSelectorsException(f"A trail can have at most {_MOST_DATA_RESOURCES} data resources.")
    return tuple({**DEFAULT[0], **selector} for selector in selectors)


def check_of_store(selectors: Sequence[Selector]) -> tuple[Selector, ...]:
    """Those of an event data store: it takes events of activity, or Insights, or others, and no mixture."""
    categories = {word for each in selectors for f in each["FieldSelectors"] for word in f.get("Equals", ())}
    if any(category in categories for category in _OF_STORES):
        if len(selectors) != 1:
            raise InvalidEventSelectorsException("Events of this category need an event data store of their own.")
        return tuple(selectors)
    return check_advanced(selectors)


def category(selectors: Sequence[Selector]) -> str:
    """What a store takes: Management, Data, Insight, ActivityAuditLog ..."""
    fields = [field for each in selectors for field in each["FieldSelectors"] if field["Field"] == "eventCategory"]
    return str(fields[0]["Equals"][0]) if fields and fields[0].get("Equals") else ""


def check_advanced(selectors: Sequence[Selector]) -> tuple[Selector, ...]:
    """Raises InvalidEventSelectorsException."""
    if not selectors:
        raise InvalidEventSelectorsException("At least one advanced event selector has to be given.")
    if sum(_conditions(selector) for selector in selectors) > _MOST_CONDITIONS:
        raise InvalidEventSelectorsException(f"A trail can have at most {_MOST_CONDITIONS} conditions.")
    for selector in selectors:
        _check_advanced(selector)
    return tuple(selectors)


def _conditions(selector: Selector) -> int:
    return sum(len(values) for field in selector["FieldSelectors"] for name, values in field.items() if name != "Field")


def _check_advanced(selector: Selector) -> None:
    fields: Mapping[str, Mapping[str, Any]] = {field["Field"]: field for field in selector["FieldSelectors"]}
    if len(fields) < len(selector["FieldSelectors"]):
        raise InvalidEventSelectorsException("A field can occur only once in an advanced event selector.")
    for name, field in fields.items():
        operators = field.keys() - {"Field"}
        if name not in _FIELDS:
            raise InvalidEventSelectorsException(f"{name} is not a supported field. Valid values: {_listed(_FIELDS)}")
        if not operators or (name in _ONLY_EQUALS and operators != {"Equals"}):
            raise InvalidEventSelectorsException(f"The operators of {name} are not valid for it.")
    category = list(fields.get("eventCategory", {}).get("Equals", ()))
    if len(category) != 1 or category[0] not in _CATEGORIES:
        raise InvalidEventSelectorsException(f"eventCategory has to equal one of {_listed(_CATEGORIES)}")
    if category[0] == "Data" and len(fields.get("resources.type", {}).get("Equals", ())) != 1:
        raise InvalidEventSelectorsException("Selectors of data events need resources.type to equal one type.")
    if category[0] == "Management" and any(name.startswith("resources.") for name in fields):
        raise InvalidEventSelectorsException("Selectors of management events cannot have fields of resources.")


def data_services(basic: Iterable[Selector], advanced: Iterable[Selector]) -> tuple[str, ...]:
    """The services of whose data events some may be accepted."""
    types = [each["Type"] for selector in basic for each in selector.get("DataResources", ())]
    for selector in advanced:
        fields = {field["Field"]: field.get("Equals", ()) for field in selector["FieldSelectors"]}
        types += fields.get("resources.type", ())
    return tuple(sorted({resources.SERVICES[kind] for kind in types if kind in resources.SERVICES}))


def accepts(basic: Sequence[Selector], advanced: Sequence[Selector]) -> Accepts:
    """The test of records by these selectors."""
    if advanced:
        return lambda record: any(_fits_advanced(selector, record) for selector in advanced)
    return lambda record: any(_fits_basic(selector, record) for selector in basic)


def _fits_basic(selector: Selector, record: Mapping[str, Any]) -> bool:
    kind = selector["ReadWriteType"]
    if kind != "All" and (kind == "ReadOnly") != record["readOnly"]:
        return False
    if record["managementEvent"]:
        excluded = selector["ExcludeManagementEventSources"]
        return bool(selector["IncludeManagementEvents"]) and record["eventSource"] not in excluded
    return any(
        each["Type"] == resource.get("type") and _covers(value, _arn(resource))
        for each in selector["DataResources"]
        for value in each.get("Values", ())
        for resource in record.get("resources", ())
    )


def _arn(resource: Mapping[str, str]) -> str:
    return resource.get("ARN") or resource.get("ARNPrefix", "")


def _covers(value: str, arn: str) -> bool:
    """A value is a whole ARN, or ends where all that follows is meant: "arn:aws:s3", a bucket with its slash."""
    return arn == value or (arn.startswith(value) and (value.endswith(("/", ":")) or value.count(":") < 3))


def _fits_advanced(selector: Selector, record: Mapping[str, Any]) -> bool:
    return all(_fits_field(field, record) for field in selector["FieldSelectors"])


def _fits_field(field: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """One positive operator has to match if there are any, and no negative one may."""
    values = _values(field["Field"], record)
    positive = [(_TESTS[name], word) for name in _TESTS for word in field.get(name, ())]
    negative = [(_TESTS[name], word) for name in _TESTS for word in field.get(f"Not{name}", ())]
    if positive and not any(test(value, word) for test, word in positive for value in values):
        return False
    return not any(test(value, word) for test, word in negative for value in values)


def _values(field: str, record: Mapping[str, Any]) -> list[str]:
    if field == "readOnly":
        return ["true" if record["readOnly"] else "false"]
    if field == "resources.ARN":
        return [_arn(each) for each in record.get("resources", ())]
    if field.startswith("resources."):
        return [each[field[10:]] for each in record.get("resources", ()) if field[10:] in each]
    if field == "userIdentity.arn":
        return [record["userIdentity"]["arn"]] if "arn" in record["userIdentity"] else []
    return [record[field]] if field in record else []


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)
