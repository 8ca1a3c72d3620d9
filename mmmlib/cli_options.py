"""What the commands of ``mmm`` share: options, exit codes, errors as messages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mmmlib.errors import MMMError
from mmmlib.secrets import scrub

if TYPE_CHECKING:
    from mmmlib.job import TrainingJob

INVALID, FAILED, CANCELLED = 2, 1, 130  # exit codes


def says_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Our errors are messages, not tracebacks; no secret is in them."""

    @wraps(command)
    def said(*args: Any, **kwargs: Any) -> None:
        from mmmlib.errors import JobError

        try:
            command(*args, **kwargs)
        except JobError as error:
            click.echo(scrub(str(error)), err=True)
            sys.exit(INVALID)
        except MMMError as error:
            click.echo(scrub(str(error)), err=True)
            sys.exit(FAILED)

    return said


root = click.option("--root", default="", help="Archive to use; the default is MMM_ROOT.")
run = click.argument("run", default="latest")


def settable(help_: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """``-p KEY VALUE``, as often as one likes, as papermill has it."""
    return click.option(
        "-p", "parameters", type=(str, str), multiple=True, metavar="KEY VALUE", help=help_
    )


def cancelled() -> NoReturn:
    """End after Ctrl-C."""
    click.echo("cancelled; the run and its log are kept", err=True)
    sys.exit(CANCELLED)


def read_job(job: str, parameters: tuple[tuple[str, str], ...]) -> TrainingJob:
    """Read a job file, or a shipped job by its name, with other values for some keys."""
    from mmmlib.data import job_path
    from mmmlib.job import TrainingJob, plain_values, read_text

    values = plain_values(read_text(job_path(job)))
    for key, value in parameters:
        values |= plain_values(f"{key}: {value}")
    return TrainingJob.parse(values)
