"""What can be set in a job, as a tree of fields made from the job's JSON schema.

A field is a plain mapping, as the page takes it: ``key``, ``label``, ``kind``, ``help``,
``default`` and what the kind needs. Kinds are ``text``, ``number``, ``integer``, ``flag``,
``choice``, ``date``, ``pair`` (two numbers or dates, or none), ``list`` (of ``item``), ``group``
(of ``fields``) and ``map`` (names to ``item``).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from mmmlib.job import job_schema

Field = dict[str, Any]
SCALARS = ("text", "number", "integer", "flag", "choice", "date")

# Where a key of the job stands on the page; one that is not named here is in the last section.
SECTIONS: dict[str, tuple[str, ...]] = {
    "data": ("source", "connection", "file", "table", "sql", "dates", "pivot", "join", "features",
             "acknowledge"),
    "roles": ("country", "revision", "country_column", "country_value", "date", "date_format",
              "week_column", "week_label", "first_date", "no_row", "interval",
              "target", "target_type", "channels", "organic", "context"),
    "model": ("window", "prophet", "holidays", "prophet_options", "adstock", "ts_validation",
              "train_size", "calibration", "calibration_constraint", "intercept",
              "intercept_sign", "lambda_range", "penalty_factors", "refresh_of"),
    "search": ("engine", "iterations", "trials", "seed", "workers", "optimizer",
               "objective_weights", "rssd_zero_penalty", "pareto_fronts", "min_candidates",
               "posterior"),
    "plan": ("allocator", "annotations", "root"),
}  # fmt: skip

# Keys, or paths, whose own name is no good label.
LABELS = {
    "ts_validation": "Hold out the last rows for validation",
    "train_size": "Share of the rows that train",
    "lambda_range": "Ridge penalty",
    "penalty_factors": "Search a penalty factor for each variable",
    "intercept": "Fit an intercept",
    "intercept_sign": "Sign of the intercept",
    "rssd_zero_penalty": "Penalize channels without effect",
    "calibration": "Lift studies",
    "calibration_constraint": "Share that fits the studies best",
    "n_changepoints": "Number of changepoints",
    "prophet": "Prophet components",
    "prophet_options": "Settings of prophet",
    "refresh_of": "Continue the run",
    "pareto_fronts": "Pareto fronts to keep (0: automatic)",
    "min_candidates": "Least candidates in the fronts",
    "workers": "Workers (part of the search)",
    "sql": "SQL",
    "root": "Root of the archive",
    "annotations": "Annotations file",
    "target_type": "Target is",
    "allocator": "Budget allocation after the training",
    "allocator.total_budget": "Total budget (empty: as now)",
    "allocator.target": "Target ROAS or CPA",
    "allocator.low": "Lowest multiple of the spend",
    "allocator.high": "Highest multiple of the spend",
    "allocator.last": "Last periods that count as now",
    "allocator.start": "What counts as now: from",
    "allocator.end": "What counts as now: to",
    "allocator.today": "Spend of these periods: paid, or exposure in money",
    "allocator.channels": "Bounds of single channels",
    "prior": "What is known of its ROAS (CPA for conversions), read by the posterior",
    "prior.low": "At least, nine in ten",
    "prior.high": "At most, nine in ten",
    "prior.mean": "Or its mean",
    "prior.spread": "And standard deviation",
}


@cache
def _tree() -> tuple[Field, ...]:
    schema = job_schema()
    required = set(schema["required"])
    return tuple(
        _field(key, described, schema["$defs"]) | {"required": key in required}
        for key, described in schema["properties"].items()
    )


def fields() -> list[Field]:
    """Return a field for every key of a job, in the job's order, with its ``section``."""
    section = {key: name for name, keys in SECTIONS.items() for key in keys}
    return [
        copy.deepcopy(field) | {"section": section.get(field["key"], "plan")} for field in _tree()
    ]


def paths(tree: list[Field], prefix: str = "") -> Iterator[str]:
    """Yield the path of every value that can be set; ``[]`` is any item, ``{}`` any name."""
    for field in tree:
        yield from _paths(field, f"{prefix}.{field['key']}" if prefix else field["key"])


def blank() -> dict[str, Any]:
    """Return the values of an empty form: every key with its default."""
    return {field["key"]: empty(field) for field in _tree()}


def empty(field: Field) -> Any:
    """Return the value of a field nobody has filled in."""
    return copy.deepcopy(field["default"])


def fit(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Bring values into the shape of the form: every key, every list and mapping what it must be.

    A value of the right shape is kept even when it is wrong, so that the person sees it and what
    is wrong with it. What has no place in the form is left out.

    Returns
    -------
    dict
        The values.
    list of str
        Paths of what was left out.
    """
    left: list[str] = [str(key) for key in values if key not in {f["key"] for f in _tree()}]
    fitted = {
        field["key"]: _fit(field, values[field["key"]], field["key"], left)
        if field["key"] in values
        else empty(field)
        for field in _tree()
    }
    return fitted, left


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as a job takes them: what must be given and is empty is left out."""
    given = {}
    for field in _tree():
        value = _plain(field, values.get(field["key"], field["default"]))
        if not (field["required"] and value in ("", [])):
            given[field["key"]] = value
    return given


def _field(key: str, schema: Mapping[str, Any], defs: Mapping[str, Any], above: str = "") -> Field:
    schema, nullable = _without_null(_resolved(schema, defs))
    words = key.replace("_", " ")
    path = f"{above}.{key}" if above else key
    label = LABELS.get(path, words[:1].upper() + words[1:])
    about = schema.get("description", "")
    field: Field = {"key": key, "label": label, "help": about, "nullable": nullable}
    field |= _kind(schema, defs, path)
    field["default"] = schema["default"] if "default" in schema else _default_of(field)
    if nullable and "default" not in schema:
        field["default"] = None
    if field["kind"] == "group":  # the schema's own default may leave keys out
        field["default"] = {
            inner["key"]: field["default"].get(inner["key"], inner["default"])
            for inner in field["fields"]
        }
    return field


def _kind(schema: Mapping[str, Any], defs: Mapping[str, Any], path: str) -> Field:
    if pair := _pair(schema):
        return pair
    if "enum" in schema or "const" in schema:
        return {"kind": "choice", "choices": schema.get("enum") or [schema["const"]]}
    match schema.get("type"):
        case "boolean":
            return {"kind": "flag"}
        case "integer" | "number" as number:
            return {"kind": number, **_limits(schema)}
        case "string":
            return {"kind": "date" if schema.get("format") == "date" else "text"}
        case "array":
            return {"kind": "list", "item": _field("", schema["items"], defs)}
        case "object" if isinstance(schema.get("additionalProperties"), Mapping):
            return {"kind": "map", "item": _field("", schema["additionalProperties"], defs)}
        case "object" if _all_pairs(schema):
            inner = [_field(key, each, defs, path) for key, each in schema["properties"].items()]
            return {"kind": "map", "names": [each["key"] for each in inner], "fields": inner}
        case "object":
            inner = [_field(key, each, defs, path) for key, each in schema["properties"].items()]
            return {"kind": "group", "fields": inner}
    raise TypeError(f"the form has no field for {dict(schema)}")


def _pair(schema: Mapping[str, Any]) -> Field | None:
    """Two values, written as a list: a range of numbers, or a first and a last date."""
    for option in schema.get("anyOf", [schema]):
        if option.get("type") != "array" or option.get("maxItems") != 2:
            continue
        item = option["prefixItems"][0] if "prefixItems" in option else option["items"]
        kind = "date" if item.get("format") == "date" else "number"
        return {"kind": "pair", "of": kind, **_limits(item)}
    return None


def _all_pairs(schema: Mapping[str, Any]) -> bool:
    """Whether a mapping has ranges only, each of which may be left out."""
    return bool(schema["properties"]) and all(map(_pair, schema["properties"].values()))


def _limits(schema: Mapping[str, Any]) -> Field:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    return {"low": low, "high": high}


def _resolved(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return dict(schema)
    found = defs[schema["$ref"].rpartition("/")[2]]
    return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}


def _without_null(schema: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    options = schema.get("anyOf", [])
    others = [option for option in options if option.get("type") != "null"]
    if len(others) == len(options):
        return schema, False
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return (rest | others[0]) if len(others) == 1 else (rest | {"anyOf": others}), True


def _default_of(field: Field) -> Any:
    match field["kind"]:
        case "list" | "pair":
            return []
        case "map":
            return {}
        case "group":
            return {inner["key"]: inner["default"] for inner in field["fields"]}
        case "flag":
            return False
    return ""


def _paths(field: Field, path: str) -> Iterator[str]:
    match field["kind"]:
        case "list":
            yield from _paths(field["item"], f"{path}[]")
        case "group":
            yield from paths(field["fields"], path)
        case "map" if "fields" in field:
            yield from paths(field["fields"], path)
        case "map":
            yield from _paths(field["item"], f"{path}.{{}}")
        case _:
            yield path


def _fit(field: Field, value: Any, path: str, left: list[str]) -> Any:
    """One value in the shape of its field."""
    if value is None and (field["nullable"] or field["kind"] in SCALARS):
        return None
    match field["kind"]:
        case "list" if isinstance(value, list | tuple):
            item = field["item"]
            kept = [_fit(item, each, f"{path}[{i}]", left) for i, each in enumerate(value)]
            return [each for each in kept if each is not _NOT]
        case "pair" if isinstance(value, list | tuple) and len(value) in (0, 2):
            return [_scalar(each) for each in value]
        case "pair" if isinstance(value, int | float) and not isinstance(value, bool):
            return [value, value]  # a single number fixes a range
        case "group" if isinstance(value, Mapping):
            return _fit_group(field, value, path, left)
        case "map" if isinstance(value, Mapping):
            inner = {each["key"]: each for each in field.get("fields", [])}
            fitted = {}
            for name, each in value.items():
                of_name = inner.get(str(name), field.get("item"))
                if of_name is None:
                    left.append(f"{path}.{name}")
                elif (kept := _fit(of_name, each, f"{path}.{name}", left)) is not _NOT:
                    fitted[str(name)] = kept
            return fitted
        case kind if kind in SCALARS and not isinstance(value, list | tuple | Mapping):
            return _scalar(value)
    left.append(path)
    return _NOT if path.endswith("]") else empty(field)


def _fit_group(field: Field, value: Mapping[str, Any], path: str, left: list[str]) -> Any:
    inner = {each["key"]: each for each in field["fields"]}
    left += [f"{path}.{key}" for key in value if key not in inner]
    return {
        key: _fit(each, value[key], f"{path}.{key}", left) if key in value else empty(each)
        for key, each in inner.items()
    }


_NOT = object()  # an item that has no place in its list


def _scalar(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _plain(field: Field, value: Any) -> Any:
    """A value without what the page leaves behind in a field that was cleared."""
    match field["kind"]:
        case "list":
            return [_plain(field["item"], each) for each in value]
        case "group":
            inner = {each["key"]: each for each in field["fields"]}
            return {key: _plain(each, value.get(key, empty(each))) for key, each in inner.items()}
        case "map" if "item" in field:
            return {name: _plain(field["item"], each) for name, each in value.items()}
    if field["nullable"] and value == "":
        return None
    if field["kind"] == "text" and value is None and not field["nullable"]:
        return ""
    return value
