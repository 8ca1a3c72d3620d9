"""YAML as jobs are written in it: plain values, without aliases, faults in words for a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mmmlib.ground import JobError, Problem


def read_text(path: str | Path) -> str:
    """Read a job file, or say what is wrong with it."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise JobError([Problem(str(path), "no such file; write the path of a job.yaml")]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise JobError([Problem(str(path), f"cannot be read as text: {error}")]) from None


def plain_values(text: str) -> dict[str, Any]:
    """YAML text to a mapping of plain values, without YAML's aliases, which can explode."""
    node = yaml_node(text)
    if twice := _repeated(node):
        raise JobError([Problem(twice, "is written twice; keep one of them")])
    values = value_of(node)
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise JobError([Problem("", "a job is a mapping of keys to values; see docs/job.md")])
    return values


def yaml_node(text: str, where: str = "") -> yaml.Node | None:
    """YAML text as its node; ``None`` where there is nothing in it."""
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            message = "YAML aliases (*name) are not allowed; write values out"
            raise JobError([Problem(where, message)])
        return yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise JobError([Problem(where, f"not YAML: {error}")]) from None
    except RecursionError:
        raise JobError([Problem(where, "its lists are nested too deeply")]) from None


def value_of(node: yaml.Node | None, where: str = "") -> Any:
    """The plain value of a node, as YAML has it."""
    if node is None:
        return None
    try:
        return yaml.SafeLoader("").construct_document(node)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2018-13-45
        raise JobError([Problem(where, f"not YAML: {error}")]) from None
    except RecursionError:
        raise JobError([Problem(where, "its lists are nested too deeply")]) from None


def _repeated(node: Any) -> str:
    """The first key that a mapping holds twice, of which YAML would quietly keep the last."""
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := next((key for key in keys if keys.count(key) > 1), ""):
            return str(twice)
    inside = getattr(node, "value", [])
    if not isinstance(inside, list):
        return ""
    nodes = [each for item in inside for each in (item if isinstance(item, tuple) else (item,))]
    return next((found for each in nodes if (found := _repeated(each))), "")
