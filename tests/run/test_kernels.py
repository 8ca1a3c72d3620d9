"""Kernels that start ahead of their notebooks, and what is left out of the process beside them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.job.parse import TrainingJob
from mmmlib.run.kernels import kernels_of
from tests.waiting import wait_until


def kernels_below() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if "ipykernel_launcher" in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_a_notebook_gets_a_kernel_and_nothing_gets_none(archive: Archive, job: TrainingJob) -> None:
    run = archive.claim(job)
    with kernels_of(run, 2) as kernels:
        kernels.take()
        kernels.start_next()
        kernels.take()
        kernels.start_next()
        assert wait_until(lambda: len(kernels_below()) == 2)
        with pytest.raises(RuntimeError, match="no more than 2 notebooks"):
            kernels.take()
    assert wait_until(lambda: not kernels_below())


IMPORTS = """
import importlib.util, sys
from mmmlib.ground.light_imports import IRI_GRAMMAR, imported_without

with imported_without(IRI_GRAMMAR):
    import jsonschema
jsonschema.validate({"uri": "a b"}, {"properties": {"uri": {"type": "string"}}})
assert "rfc3987_syntax" not in sys.modules
assert importlib.util.find_spec("rfc3987_syntax")  # there for whoever wants it after that
assert "iri" not in jsonschema.draft7_format_checker.checkers
assert "email" in jsonschema.draft7_format_checker.checkers
"""


def test_jsonschema_comes_without_the_grammar_of_iris() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", IMPORTS], capture_output=True)
    assert done.returncode == 0, done.stderr
