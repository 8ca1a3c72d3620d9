"""What the commands of ``mmm`` share: options, exit codes, errors as messages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mmmlib.ground import MMMError, scrub

if TYPE_CHECKING:
    from mmmlib.archive import Run
    from mmmlib.job import TrainingJob

INVALID, FAILED, CANCELLED = 2, 1, 130  # exit codes


def says_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Our errors are messages, not tracebacks; no secret is in them."""

    @wraps(command)
    def said(*args: Any, **kwargs: Any) -> None:
        from mmmlib.ground import JobError

        try:
            command(*args, **kwargs)
        except JobError as error:
            click.echo(scrub(str(error)), err=True)
            sys.exit(INVALID)
        except MMMError as error:
            click.echo(scrub(str(error)), err=True)
            sys.exit(FAILED)

    return said


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for programs; see `mmm schema`."
)
root_option = click.option("--root", default="", help="Archive to use; the default is MMM_ROOT.")


def _runs_that_begin(
    ctx: click.Context, parameter: click.Parameter, typed: str
) -> list[str]:  # for the shell, when Tab is pressed
    from mmmlib.archive import Archive

    try:
        found = Archive(ctx.params.get("root") or "").runs()[:200]
    except MMMError:
        return []  # whoever presses Tab reads no message
    return [name for name in ("latest", *map(str, found)) if name.startswith(typed)]


def _artifacts_that_begin(ctx: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    from mmmlib.archive import Archive

    try:
        run = Archive(ctx.params.get("root") or "").run(ctx.params.get("run") or "latest")
        return [name for name in run.artifacts() if name.startswith(typed)]
    except MMMError:
        return []


run_argument = click.argument("run", default="latest", shell_complete=_runs_that_begin)
artifact_argument = click.argument("artifact", default="", shell_complete=_artifacts_that_begin)
job_argument = click.argument("job", metavar="JOB.YAML", type=click.Path())


candidate_option = click.option(
    "--candidate",
    default="",
    metavar="best|promoted|ID",
    help="Which model; the default is the one that is promoted, or else the best one.",
)


def say_model(run: Run, asked: str) -> str:
    """Say on standard error which of a run's models is taken, and why; return its candidate."""
    from mmmlib.archive import asked_model

    name, words = asked_model(run, asked)
    click.echo(scrub(words), err=True)
    return name


def one_pager(run: Run) -> str:
    """Name of the one-pager of the model that a run stands for; says so where that has none."""
    from mmmlib.archive import chosen_model

    chosen = chosen_model(run)
    if chosen.promotion and not run.has(f"{chosen.candidate}.png"):
        words = f"model {chosen.candidate} is promoted and has no one-pager; this is the best one's"
        click.echo(words, err=True)
        return f"{chosen.original}.png"
    return f"{chosen.candidate}.png"


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
    from mmmlib.job import TrainingJob

    return TrainingJob.load(job, **dict(parameters))
