"""Imports point one way and by the door: the rooms of `mmmlib` from the bottom to the top."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

# Each room may import those before it, by their face; `docs/architecture.md` has them as a table.
LAYERS = (
    "ground", "job", "data", "model", "engines", "simulate", "archive", "plan", "report", "run",
    "launching", "doctor", "ui", "cli",
)  # fmt: skip
PACKAGE = REPOSITORY / "mmmlib"
FILES = sorted(path for path in PACKAGE.rglob("*.py*") if path.suffix in (".py", ".pyi"))
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
DOORS = sorted({*(REPOSITORY / "docker").glob("*.py"), *(REPOSITORY / "infra").rglob("*.py")})
DOCS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def _imported(source: str) -> Iterator[str]:
    """Every module or name of mmmlib that is imported, with dots."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mmmlib":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "mmmlib")


def _source(path: Path) -> str:
    """The code of a module, or of a notebook's cells."""
    if path.suffix != ".ipynb":
        return path.read_text()
    cells = json.loads(path.read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return "\n".join(line for line in "\n".join(code).splitlines() if line[:1] != "%")


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def test_the_rooms_are_the_layers() -> None:
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"} == {*LAYERS}
    loose = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert loose == {"__init__.py", "__init__.pyi", "py.typed"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_imports_point_down_and_enter_by_the_door(path: Path) -> None:
    room = _room(path)
    if room not in LAYERS:  # the face of the whole
        return
    for name in _imported(path.read_text()):
        assert name != "mmmlib", "import from a room, not the face of the whole"
        _, used, *rest = [*name.split("."), "__version__"]
        if used in (room, "__version__"):
            continue
        rest.pop()
        assert LAYERS.index(used) < LAYERS.index(room), f"{name} is not below {room}"
        assert len(rest) == 1, f"{name}: take it from the face, `from mmmlib.{used} import …`"


@pytest.mark.parametrize("room", LAYERS)
def test_no_imports_go_in_circles_within_a_room(room: str) -> None:
    files = sorted((PACKAGE / room).rglob("*.py"))
    names = {".".join(path.relative_to(REPOSITORY).with_suffix("").parts): path for path in files}
    modules = {name.removesuffix(".__init__"): path for name, path in names.items()}
    graph = {
        name: {
            used if used in modules else used.rpartition(".")[0]
            for used in _imported(path.read_text())
            if used.startswith(f"mmmlib.{room}.")
        }
        for name, path in modules.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("path", [*NOTEBOOKS, *DOORS], ids=lambda p: p.name)
def test_others_enter_by_the_door(path: Path) -> None:
    deep = [name for name in _imported(_source(path)) if name.count(".") > 2]
    assert not deep, f"take them from the face of their room: {deep}"


@pytest.mark.parametrize("room", LAYERS)
def test_no_name_of_a_face_hides_a_module(room: str) -> None:
    """Otherwise whoever comes first decides which of both `from mmmlib.room import name` is."""
    face = PACKAGE / room / "__init__.pyi"
    if not face.exists():  # cli: a command is found by its name
        return
    modules = {path.stem for path in face.parent.iterdir()}
    for node in ast.parse(face.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            assert not {alias.name for alias in node.names} & modules


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("__init__.py")), ids=lambda p: p.parent.name)
def test_no_import_of_a_package_is_hidden_by_its_module(path: Path) -> None:
    """A function `log` beside a module `log`: whichever is imported last has the name."""
    here = ".".join(path.parent.relative_to(REPOSITORY).parts)
    modules = {each.stem for each in path.parent.iterdir()}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith(here):
            assert not {alias.asname or alias.name for alias in node.names} & modules


def _wanted() -> Iterator[tuple[str, str]]:
    """Who uses what of mmmlib, by its whole name: a room, or the path of what is in none."""
    for path in (*FILES, *(REPOSITORY / "tests").rglob("*.py"), *DOORS, *NOTEBOOKS):
        by = _room(path) if path.is_relative_to(PACKAGE) else str(path)
        source = _source(path)
        if path.parent == PACKAGE:
            source = source.replace("from .", "from mmmlib.")
        yield from ((by, name) for name in _imported(source))
        yield from ((by, f"mmmlib.engines.{name}") for name in re.findall(r"native\.\w+", source))
    for path in DOCS:
        for module, named in re.findall(r"from (mmmlib[.\w]*) import ([\w, ]+)", path.read_text()):
            yield from ((str(path), f"{module}.{name.strip()}") for name in named.split(","))


def test_every_name_of_a_face_is_wanted_outside() -> None:
    wanted: dict[str, set[str]] = {}
    for by, name in _wanted():
        wanted.setdefault(name, set()).add(by)
    idle = []
    for path in FILES:
        if path.suffix == ".py" or path.parent == PACKAGE:  # the face of the whole is for people
            continue
        module = ".".join(path.parent.relative_to(REPOSITORY).parts)
        for node in ast.parse(path.read_text()).body:
            names = [f"{module}.{alias.name}" for alias in getattr(node, "names", ())]
            idle += [name for name in names if not wanted.get(name, set()) - {_room(path)}]
    assert not idle, f"only their own room uses them; take them out of its face: {idle}"


def test_no_two_classes_have_one_name() -> None:
    """A search for a class finds it, and nothing else; what a person holds may add to its own."""
    named: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                if path.parent == PACKAGE / "ui" / "lab" and node.name in ("Archive", "Run"):
                    continue
                named.setdefault(node.name, []).append(str(path.relative_to(PACKAGE)))
    assert {name: paths for name, paths in named.items() if len(paths) > 1} == {}


def test_every_name_of_a_face_is_there() -> None:
    rooms = [room for room in LAYERS if (PACKAGE / room / "__init__.pyi").exists()]
    code = f"import importlib; [importlib.import_module('mmmlib.' + room) for room in {rooms}]"
    environment = {"EAGER_IMPORT": "1", "PATH": ""}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@pytest.mark.parametrize(
    "module", ["mmmlib", "mmmlib.job.parse", "mmmlib.cli", "mmmlib.archive.archive"]
)
def test_heavy_packages_are_imported_on_use(module: str) -> None:
    heavy = {"numba", "prophet", "nevergrad", "matplotlib", "papermill", "duckdb", "voila"}
    heavy |= {"google.auth", "google.cloud.storage", "requests", "rpy2", "snowflake"}
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
