"""README and docs name only what exists, and everything a person can type is in them."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from mmmlib.cli import COMMANDS
from mmmlib.job.parse import TrainingJob
from tests.conftest import REPOSITORY

PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *REPOSITORY.glob("docs/*.md")]
ALL = "\n".join(page.read_text() for page in PAGES)
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.M))


def commands(page: Path) -> list[str]:
    """Lines of bash blocks and inline code that start with a command of ours."""
    text = page.read_text().replace("\\\n", " ")
    blocks = re.findall(r"```bash\n(.*?)```", text, re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`((?:make|mmm|papermill) [^`]+)`", text)
    return [line for line in lines if line.strip()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    for line in commands(page):
        tool, *words = shlex.split(line, comments=True)
        match tool:
            case "make":
                assert words[0] in TARGETS, line
            case "mmm":
                assert words[0] in COMMANDS, line
            case "papermill":
                assert (REPOSITORY / words[2]).is_file(), line
            case "docker":
                if "mmm-app" in words and (given := words[words.index("mmm-app") + 1 :]):
                    assert given[0] in COMMANDS or "--entrypoint" in words or given[-1] == ".", line
            case _:
                raise AssertionError(f"{page.name}: nothing checks {line!r}")
        for word in words:
            if word.startswith(("mmmlib/", "notebooks/", "docker/")):
                assert (REPOSITORY / word).exists(), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), target


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
