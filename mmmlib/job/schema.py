"""The JSON schema of ``job.yaml``, with which editors complete keys and mark mistakes."""

from __future__ import annotations

from typing import Any

from mmmlib.ground import names
from mmmlib.job.parse import TrainingJob
from mmmlib.job.ranges import HYPERPARAMETERS, LIMITS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PAIRS = ("train_size", "lambda_range")


def job_schema() -> dict[str, Any]:
    """Return the schema: pydantic's, with what only our rules know.

    Added are the registered engines and sources, a single number where a range is meant, the
    limits of each hyperparameter (Robyn ``R/inputs.R: hyper_limits``) and which of them each
    adstock family has. What two keys say against each other is for ``mmm job check``.
    """
    schema = TrainingJob.model_json_schema(mode="validation")
    properties = schema["properties"]
    properties["engine"]["enum"] = list(names.ENGINES)
    properties["source"]["enum"] = list(names.SOURCES)
    for key in _PAIRS:
        described = {name: properties[key][name] for name in ("description", "default")}
        properties[key] = described | _range({"minimum": 0, "maximum": 1})
    for part in ("Channel", "Organic"):
        of_part = schema["$defs"][part]["properties"]
        of_part["ranges"] = {
            "type": "object",
            "default": {},
            "description": "Range of each hyperparameter; a single number fixes it. Those left "
            "out have Robyn's recommended range of the kind.",
            "properties": {name: _range(_limits(name)) for name in sorted(LIMITS)},
            "additionalProperties": False,
        }
    schema["allOf"] = [_of_adstock(adstock) for adstock in HYPERPARAMETERS]
    for definition in (schema, *schema["$defs"].values()):
        _without_titles(definition)
    head = {"$schema": DIALECT, "title": "Job of the MMM Trainer (job.yaml)"}
    return head | {key: value for key, value in schema.items() if key != "title"}


def _range(limits: dict[str, float]) -> dict[str, Any]:
    number = {"type": "number", **limits}
    return {
        "anyOf": [number, {"type": "array", "items": number, "minItems": 2, "maxItems": 2}],
    }


def _limits(name: str) -> dict[str, float]:
    low, low_allowed, high, high_allowed = LIMITS[name]
    return {
        "minimum" if low_allowed else "exclusiveMinimum": low,
        "maximum" if high_allowed else "exclusiveMaximum": high,
    }


def _of_adstock(adstock: str) -> dict[str, Any]:
    """``ranges`` may only name hyperparameters of the job's adstock family."""
    default = TrainingJob.model_fields["adstock"].default
    its = {"properties": {"adstock": {"const": adstock}}}
    if adstock != default:
        its["required"] = ["adstock"]  # type: ignore[assignment]
    media = {
        "items": {
            "properties": {
                "ranges": {"propertyNames": {"enum": list(HYPERPARAMETERS[adstock])}}  # type: ignore[index]
            }
        }
    }
    return {"if": its, "then": {"properties": {"channels": media, "organic": media}}}


def _without_titles(definition: dict[str, Any]) -> None:
    """Drop pydantic's titles, which only repeat the key."""
    definition.pop("title", None)
    for each in definition.get("properties", {}).values():
        each.pop("title", None)
