"""Terraform's files as plain values: what a rule about them needs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hcl2


@dataclass(frozen=True)
class Block:
    """One resource, data source or variable; ``text`` is all of it, for searching."""

    kind: str
    name: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"

    @property
    def strings(self) -> list[str]:
        """Every string below, expressions among them."""
        return list(_strings(self.body))


def parse(text: str) -> dict[str, Any]:
    """Read one file; the parser's quotes and marks are taken away."""
    read: dict[str, Any] = _plain(hcl2.load(io.StringIO(text)))
    return read


def read(root: Path) -> dict[str, Any]:
    """Read the files of one root together."""
    whole: dict[str, Any] = {}
    for file in sorted(root.glob("*.tf")):
        for key, blocks in parse(file.read_text()).items():
            whole.setdefault(key, []).extend(blocks)
    return whole


def resources(parsed: dict[str, Any]) -> list[Block]:
    """Each resource of what was read."""
    return [
        Block(kind, name, body)
        for entry in parsed.get("resource", [])
        for kind, named in entry.items()
        for name, body in named.items()
    ]


def variables(parsed: dict[str, Any]) -> list[Block]:
    """Each variable of what was read."""
    return [
        Block("variable", name, body)
        for entry in parsed.get("variable", [])
        for name, body in entry.items()
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            _plain(key): _plain(inner)
            for key, inner in value.items()
            if key not in ("__is_block__", "__comments__", "__inline_comments__")
        }
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"')
    return value


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, str):
        yield value
