"""Prints what is in the image as a CycloneDX 1.5 bill of materials: Debian, Python and R packages.

No tool covers the three of them without a network; each has its own list of what is installed.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from importlib.metadata import distributions
from typing import Any
from urllib.parse import quote

DEBIAN = ["dpkg-query", "--show", "--showformat", "${Package}\t${Version}\n"]
R = "p <- installed.packages(); writeLines(paste(p[, 'Package'], p[, 'Version'], sep = '\\t'))"


def components() -> Iterator[dict[str, Any]]:
    """Every package with its version and its package URL."""
    for name, version in listed(DEBIAN):
        yield component(name, version, f"pkg:deb/debian/{name}@{quote(version)}?distro=bookworm")
    for found in distributions():
        name = found.metadata["Name"].lower().replace("_", "-")
        yield component(name, found.version, f"pkg:pypi/{name}@{quote(found.version)}")
    for name, version in listed(["Rscript", "--vanilla", "-e", R]):
        yield component(name, version, f"pkg:cran/{name}@{quote(version)}")


def listed(command: list[str]) -> Iterator[tuple[str, str]]:
    """Names and versions a command prints, with a tab between them."""
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        name, version = line.split("\t")
        yield name, version


def component(name: str, version: str, purl: str) -> dict[str, Any]:
    """One package."""
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


if __name__ == "__main__":
    unique = {item["purl"]: item for item in components()}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "components": [unique[purl] for purl in sorted(unique)],
    }
    print(json.dumps(bill, indent=1))
