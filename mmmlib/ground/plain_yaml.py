"""YAML that reads back as what was written, whatever characters a name holds."""

from __future__ import annotations

from typing import Any

import yaml

# Line breaks to YAML, which PyYAML folds when it writes them in single quotes.
_BREAKS = frozenset("\x85\u2028\u2029")


class _Dumper(yaml.SafeDumper):
    pass


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if _BREAKS & set(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def yaml_text(value: Any, **style: Any) -> str:
    """Return plain values as YAML, keys in their order; ``style`` goes to ``yaml.dump``."""
    text: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, **style)
    return text
