"""The lists of dependencies agree with one another, and no file names the machine it came from."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import MatchSpec
from rattler.exceptions import InvalidMatchSpecError

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"duckdb": "python-duckdb", "matplotlib": "matplotlib-base"}
LOCKS = [
    "requirements/product.txt",
    "requirements/test.txt",
    "requirements/robyn.txt",
    "requirements/servers.txt",
    "requirements/installer.txt",
]
SNAPSHOT_FILE = "r/R/snapshot.R"

# Written so that this file does not match itself.
MACHINE_PATH = re.compile(r"(?<![A-Za-z0-9_.])/(?:work|farm)/|/tmp/(?:bash_jobs)|/opt/(?:pypi)")
MACHINE_HOST = re.compile(r"pypi[.]org|python[h]osted|registry[.]npm[j]s|deb[.]debia[n]")
SNAPSHOT_HOST = re.compile(r"packagemanager[.]posit|cran[.]r-project|cran[.]rstudio")


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def project_requirements() -> dict[str, Requirement]:
    """Direct dependencies of the product by canonical name."""
    parsed = map(Requirement, pyproject()["project"]["dependencies"])
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


def group_requirements(group: str) -> dict[str, Requirement]:
    parsed = map(Requirement, pyproject()["dependency-groups"][group])
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


def extra_requirements(extra: str) -> dict[str, Requirement]:
    parsed = map(Requirement, pyproject()["project"]["optional-dependencies"][extra])
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


def runtime_requirements() -> dict[str, Requirement]:
    """What runs the product with either engine."""
    return project_requirements() | group_requirements("robyn")


def conda_specs() -> tuple[dict[str, str], dict[str, Requirement]]:
    """The specs of environment.yml: conda's by package name, and pip's."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    entries = environment["dependencies"]
    conda = {}
    for entry in entries:
        if isinstance(entry, str):
            match = re.fullmatch(r"([a-z0-9._-]+?)((?:[<>=!].*)?)", entry)
            assert match, f"unreadable spec {entry!r}"
            assert match[1] not in conda, f"{match[1]} is listed twice"
            conda[match[1]] = match[2]
    (pip,) = (entry["pip"] for entry in entries if isinstance(entry, dict))
    return conda, {canonicalize_name(Requirement(line).name): Requirement(line) for line in pip}


def r_requirements() -> dict[str, str]:
    """The calls of ``need`` and ``imports`` in r/R/requirements.R: lower-case name to rule."""
    source = (ROOT / "r/R/requirements.R").read_text(encoding="utf-8")
    rules = {name.lower(): rule for name, rule in re.findall(r'need\("([^"]+)", "([^"]*)"', source)}
    for names in re.findall(r'imports\("[^"]+", c\(([^)]*)\)', source):
        rules |= {name.lower(): "" for name in re.findall(r'"([^"]+)"', names)}
    return rules


def lock(path: str) -> dict[str, tuple[Version, int]]:
    """The packages of a lock file: name to version and number of hashes."""
    text = (ROOT / path).read_text(encoding="utf-8")
    packages: dict[str, tuple[Version, int]] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)", entry)
        if match:
            hashes = len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry))
            packages[canonicalize_name(match[1])] = (Version(match[2]), hashes)
    return packages


def repository_files() -> list[Path]:
    """Files that are, or with the next commit would be, in the repository."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: the list of files is unknown")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in repository_files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        for match in pattern.finditer(text):
            number = text.count("\n", 0, match.start()) + 1
            found.append(f"{path.relative_to(ROOT).as_posix()}:{number}: {match[0]}")
    return found


@pytest.mark.parametrize("name", sorted(runtime_requirements()))
def test_environment_has_each_project_dependency_with_the_same_versions(name: str) -> None:
    conda, pip = conda_specs()
    wanted = runtime_requirements()[name].specifier
    conda_name = CONDA_NAMES.get(name, name)
    assert (conda_name in conda) != (name in pip), f"{name} must be listed once"
    given = pip[name].specifier if name in pip else SpecifierSet(conda[conda_name])
    assert given == wanted


def test_each_spec_is_one_that_conda_reads_strictly() -> None:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    specs = [entry for entry in entries["dependencies"] if isinstance(entry, str)]
    names = {MatchSpec(spec, strict=True).name.normalized for spec in specs}
    assert names == conda_specs()[0].keys()


@pytest.mark.parametrize("spec", ["numpy>=1.26,", "python==3.11.*", "numpy~1", "numpy >= <2"])
def test_what_conda_would_stumble_over_is_found(spec: str) -> None:
    with pytest.raises(InvalidMatchSpecError):
        MatchSpec(spec, strict=True)


def test_environment_has_nothing_that_is_not_asked_for() -> None:
    conda, pip = conda_specs()
    asked = {CONDA_NAMES.get(name, name) for name in runtime_requirements()}
    python = {name for name in conda if not name.startswith("r-")}
    assert python - asked == {"python", "pip"}
    assert set(pip) <= set(project_requirements())


def test_environment_has_what_robyn_needs_in_r() -> None:
    conda, _ = conda_specs()
    rules = r_requirements()
    assert {"r", "robyn", "reticulate", "lares", "glmnet", "yaml"} <= set(rules)
    without_conda_package = {"robyn", "lares"}
    expected = {"base" if name == "r" else name for name in set(rules) - without_conda_package}
    assert {name.removeprefix("r-") for name in conda if name.startswith("r-")} == expected
    for name, rule in rules.items():
        if rule and name not in without_conda_package:
            given = conda["r-base" if name == "r" else f"r-{name}"]
            relation, version = rule.split(" ")
            # conda writes R's 4.1-6 as 4.1_6 and an exact version with one sign.
            wanted = ("=" if relation == "==" else relation) + version.replace("-", "_")
            assert wanted in given.split(","), f"r-{name}{given} does not say {rule}"


def test_environment_is_named_and_runs_a_supported_python() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["name"] == "mmm-trainer"
    assert environment["channels"] == ["conda-forge"]
    python = conda_specs()[0]["python"].removeprefix("=")
    assert f"{python}.0" in SpecifierSet(pyproject()["project"]["requires-python"])


@pytest.mark.parametrize("path", LOCKS)
def test_lock_has_every_direct_dependency_in_a_version_that_fits(path: str) -> None:
    wanted = {
        "requirements/product.txt": project_requirements(),
        "requirements/test.txt": project_requirements() | extra_requirements("dev"),
        "requirements/robyn.txt": group_requirements("robyn"),
        "requirements/servers.txt": group_requirements("servers"),
        "requirements/installer.txt": group_requirements("installer"),
    }[path]
    locked = lock(path)
    assert wanted.keys() <= locked.keys()
    for name, requirement in wanted.items():
        assert locked[name][0] in requirement.specifier, f"{name} {locked[name][0]}"


@pytest.mark.parametrize("path", LOCKS)
def test_lock_has_hashes_and_no_addresses(path: str) -> None:
    assert all(hashes > 0 for _, hashes in lock(path).values())
    text = (ROOT / path).read_text(encoding="utf-8")
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links|^-e ", text, re.MULTILINE)
    pinned = re.findall(r"^(?![#\s]).+", text, re.MULTILINE)
    assert len(pinned) == len(lock(path)), "a line that is neither a comment nor a pinned package"


def test_what_is_an_extra_and_a_group_is_the_same() -> None:
    """Locks are compiled by group, people install extras; the one cannot include the other."""
    assert extra_requirements("robyn") == group_requirements("robyn")
    assert group_requirements("servers").items() <= extra_requirements("dev").items()


def test_the_locks_agree() -> None:
    product, test, robyn, servers, installer = map(lock, LOCKS)
    assert {name: test[name][0] for name in product} == {
        name: version for name, (version, _) in product.items()
    }
    added = {"rpy2", "tzlocal"}
    assert robyn.keys() - product.keys() <= added
    assert {name: version for name, version in robyn.items() if name not in added} == {
        name: product[name] for name in robyn.keys() - added
    }
    assert servers.items() | installer.items() <= test.items()  # in versions and hashes


def test_no_file_names_a_build_machine() -> None:
    assert lines_matching(MACHINE_PATH) == []
    assert lines_matching(MACHINE_HOST) == []


def test_the_package_snapshot_is_named_in_one_place() -> None:
    places = [line for line in lines_matching(SNAPSHOT_HOST) if "test_environment.py" not in line]
    assert len(places) == 1
    assert places[0].startswith(SNAPSHOT_FILE)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE_PATH, "cd " + "/work" + "/main"),
        (MACHINE_PATH, "'" + "/tmp/bash" + "_jobs.0/x'"),
        (MACHINE_HOST, "https://" + "pypi" + ".org/simple"),
        (MACHINE_HOST, "https://files." + "python" + "hosted.org"),
        (MACHINE_HOST, "http://" + "deb" + ".debian.org"),
        (SNAPSHOT_HOST, "https://" + "cran" + ".r-project.org"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_paths_inside_a_project_are_not_taken_for_a_machines() -> None:
    assert not MACHINE_PATH.search("network/work/x and /github/workspace/ and ./work/y")
