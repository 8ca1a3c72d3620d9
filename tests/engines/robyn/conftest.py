"""R in hosts of its own for the tests, and whether Robyn itself is here."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmmlib.engines.robyn import found
from mmmlib.engines.robyn.hosts import Host, Hosts

SPEAKS = Path(__file__).with_name("speaks.R")


class Heard(Hosts):
    """Hosts that know the functions of ``speaks.R``, and what their consoles said."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        super().__init__([*found.sources(), SPEAKS], self.lines.append)


@pytest.fixture(scope="session")
def r_there() -> None:
    if shutil.which("R") is None:
        pytest.skip("R is not installed")
    if importlib.util.find_spec("rpy2") is None:
        pytest.skip("rpy2 is not installed: tests/setup.sh builds it where R is")


@pytest.fixture
def hosts(r_there: None) -> Iterator[Heard]:
    with Heard() as heard:
        yield heard


@pytest.fixture(scope="module")
def shared(r_there: None) -> Iterator[tuple[Heard, Host]]:
    """One host for the tests that leave it as it was."""
    with Heard() as heard:
        yield heard, heard.start()


@pytest.fixture(scope="session")
def robyn(r_there: None) -> None:
    if problems := found.missing():
        pytest.skip(str(problems[0]))
