"""Files of a job that is executed on another machine: archived with the run, and read from there.

The job of such a run names them as ``inputs/…``, relative to the folder it is executed in.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmmlib.archive import Run
from mmmlib.ground import JobError, Problem
from mmmlib.job import FILE_KEYS, TrainingJob

INPUTS = "inputs/"


def carried(job: TrainingJob, folder: str) -> tuple[TrainingJob, dict[str, bytes]]:
    """Return the job with its files as inputs of the run, and their bytes by artifact name.

    Relative paths start at ``folder``.

    Raises
    ------
    JobError
        A file cannot be read here, and so could not be sent along.
    """
    inputs: dict[str, bytes] = {}
    problems: list[Problem] = []

    def carry(where: str, value: str) -> str:
        """Take a file along; the name it has there."""
        name = f"{INPUTS}{where}-{Path(value).name}"
        try:
            inputs[name] = Path(folder, Path(value).expanduser()).read_bytes()
        except OSError as error:
            problems.append(Problem(where, f"{value} cannot be sent along: {error.strerror}"))
        return name

    named: dict[str, Any] = {
        key: carry(key, value)
        for key in FILE_KEYS
        if (value := getattr(job, key)) and _is_file(key, value)
    }
    named["join"] = tuple(  # numbered, as files of two folders may have one name
        each.model_copy(update={"file": carry(f"join{at}", each.file)})
        if _is_file("join", each.file)
        else each
        for at, each in enumerate(job.join)
    )
    if problems:
        raise JobError(problems)
    return job.model_copy(update=named), inputs


@contextmanager
def at_hand(run: Run) -> Iterator[None]:
    """Work in a folder of its own that holds the run's inputs, if it has any."""
    names = [name for name in run.artifacts() if name.startswith(INPUTS)]
    if not names:
        yield
        return
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="mmm-") as folder:
        Path(folder, INPUTS).mkdir()
        for name in names:
            Path(folder, name).write_bytes(run.load(name))
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def _is_file(key: str, value: str) -> bool:
    """Shipped examples and ISO codes are no files; they are everywhere."""
    if key == "holidays":
        return "." in value or "/" in value
    return not value.startswith("example:")
