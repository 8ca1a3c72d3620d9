"""The lock of the tools that check the infrastructure."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement

from tests.conftest import REPOSITORY


def test_the_lock_has_what_is_asked_for_with_hashes_and_no_addresses() -> None:
    text = (REPOSITORY / "requirements" / "infra.txt").read_text()
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    locked = {}
    for entry in entries:
        name, version = re.match(r"([a-z0-9-]+)==(\S+)", entry).groups()
        assert "--hash=sha256:" in entry, name
        locked[name] = version
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    for wanted in map(Requirement, project["dependency-groups"]["infra"]):
        assert wanted.specifier.contains(locked[wanted.name]), wanted
    assert not re.search(r"://|index-url|find-links", text)
