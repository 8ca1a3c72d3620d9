"""README and docs name only what exists, and everything a person can type is in them."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mmmlib.cli import COMMANDS
from mmmlib.job.parse import TrainingJob
from tests.conftest import REPOSITORY
from tests.docs_commands import PAGES, named, options, typed

ALL = "\n".join(page.read_text() for page in PAGES)
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.M))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    """Looked up in a moment; tests/test_docs_run.py types each of them."""
    for each in typed(page):
        tool, *words = each.words
        match tool:
            case "make":
                assert words[0] in TARGETS, each
            case "mmm":
                _options_exist(words)
            case "papermill":
                assert (REPOSITORY / words[2]).is_file(), each
            case "docker":
                if "mmm-app" in words and (given := words[words.index("mmm-app") + 1 :]):
                    assert given[0] in COMMANDS or "--entrypoint" in words or given[-1] == ".", each
            case _:
                assert each.elsewhere, f"nothing checks {each}"
        for word in words:
            if word.startswith(("mmmlib/", "notebooks/", "docker/")):
                assert (REPOSITORY / word).exists(), each


def _options_exist(words: list[str]) -> None:
    command, left = named(words)
    given = {word for word in left if re.fullmatch(r"--?[a-z][a-z-]*", word)}
    assert given <= options(command), words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), target


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Every page is in its navigation, every link and heading that is named is there."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, env=quiet)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "index.html").read_text()
    asked = re.findall(r'<(?:link|script|img)[^>]+(?:href|src)="(https?://[^"]+)"', page)
    assert not asked  # nothing comes from another server


TUTORIAL = REPOSITORY / "docs" / "own-file.md"


def _told() -> list[tuple[str, str]]:
    """Each command of the tutorial with what it is said to print."""
    blocks = re.findall(r"```console\n(.*?)```", TUTORIAL.read_text(), re.S)
    parts = re.split(r"^\$ (.*)\n", "".join(blocks), flags=re.M)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.slow
def test_the_tutorial_says_what_a_person_will_see(tmp_path: Path) -> None:
    same = doctest.OutputChecker().check_output
    here = os.environ | {
        "MMM_ROOT": str(tmp_path / "archive"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    for line, said in _told():
        done = subprocess.run(
            shlex.split(line), capture_output=True, text=True, cwd=tmp_path, env=here
        )
        assert done.returncode == 0, done.stderr
        assert same(said, done.stdout, doctest.ELLIPSIS), f"{line}\n{done.stdout}"


def test_every_command_is_documented() -> None:
    for name in COMMANDS:
        assert f"mmm {name}" in ALL, name
    for target in TARGETS:
        assert f"make {target}" in ALL, target


def test_every_key_of_a_job_is_documented() -> None:
    page = (REPOSITORY / "docs" / "job.md").read_text()
    for key, field in TrainingJob.model_fields.items():
        assert re.search(
            rf"^\| `{key}` \|.*\| {re.escape(field.description or '')} \|$", page, re.M
        )


def test_help_lists_the_targets() -> None:
    done = subprocess.run(
        ["make", "help"], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    assert set(re.findall(r"^  make ([a-z-]+)", done.stdout, re.M)) == TARGETS
