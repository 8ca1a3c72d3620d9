"""What a person can type, as README and docs say it: each line with its page."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import click

from mmmlib.cli import main
from tests.conftest import REPOSITORY

PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *sorted(REPOSITORY.glob("docs/*.md")),
]
SHELL = re.compile(r"```(?:bash|sh)\n(.*?)```|`((?:make|mmm|papermill) [^`]+)`", re.S)

# Lines that no test can run as they stand, and why.
ELSEWHERE = {
    "gcloud": "an account of Google Cloud; what it sets up is in tests/infra",
    "gh": "an account of GitHub; the workflows are in tests/infra/test_workflows.py",
    "terraform": "an account of Google Cloud; tests/infra plans it with a provider of its own",
    "docker": "the image; tests/infra/test_image_built.py builds and runs it where Docker is",
    "git": "the reader's own repository",
    "cd": "a step on the way to one of these",
    "cp": "a step on the way to one of these",
    "mkdir": "a step on the way to one of these",
    "apt-get": "root's; r/setup.sh runs it and tests/setup.sh that",
    "R": "packages of R, for hours; r/setup.sh is tried by tests/r",
    "pip": "a wheel; tests/test_wheel.py builds and installs it",
    "make": "mmm's own commands in an environment made anew; `make --dry-run` takes the target",
    "mmm app": "serves until it is stopped; tests/browser/test_serving.py",
    "mmm lab": "serves until it is stopped; tests/browser/test_jupyterlab.py",
}


@dataclass(frozen=True)
class Typed:
    """A line that is typed; ``fenced`` unless it stands within a sentence."""

    page: str
    line: str
    fenced: bool

    @property
    def words(self) -> list[str]:
        """The command, without what is said of it and where its output goes."""
        words = shlex.split(self.line, comments=True)
        return words[: words.index(">")] if ">" in words else words

    @property
    def elsewhere(self) -> str:
        """Why no test runs it here; empty for one that is run."""
        tool, two = self.words[0], " ".join(self.words[:2])
        return ELSEWHERE.get(two) or ELSEWHERE.get(tool, "")

    @property
    def only_named(self) -> bool:
        """Whether a sentence speaks of the command and nobody could type it like that."""
        if self.fenced or self.words[0] != "mmm":
            return False
        command, left = named(self.words[1:])
        return not left or _unfinished(command, left)


def typed(page: Path) -> list[Typed]:
    """What a page lets a person type, in its order."""
    text = page.read_text().replace("\\\n", " ")
    found: list[Typed] = []
    for block, inline in SHELL.findall(text):
        lines = re.sub(r" +#.*", "", block or inline).splitlines()
        found += [Typed(page.name, line.strip(), bool(block)) for line in lines]
    return [each for each in dict.fromkeys(found) if each.line]


def named(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command of `mmm` that the first words name, and the words after it."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(click.Context(command), words[0])
        assert inner, f"mmm has no {words[0]!r}"
        command, words = inner, words[1:]
    return command, words


def _unfinished(command: click.Command, words: list[str]) -> bool:
    try:
        command.make_context(command.name, list(words))
    except click.MissingParameter:
        return True
    except click.BadOptionUsage:  # an option without what it takes
        return True
    except (click.UsageError, click.exceptions.Exit):  # the latter has said its version
        return False
    return False


def options(command: click.Command) -> set[str]:
    """Every option that a command takes."""
    return {name for each in command.params for name in each.opts} | {"--help"}
