"""Train in a terminal, and see how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from mmmlib.archive import (
    Run,
)
from mmmlib.cli.options import cancelled, job_argument, read_job, says_errors, settable
from mmmlib.cli.show import show_run
from mmmlib.cli.tables import console
from mmmlib.ground import NotebookError
from mmmlib.job import TrainingJob
from mmmlib.run import duration, progress_line

PLAIN_SECONDS = 2.0  # between lines where there is no terminal to redraw


@click.command()
@job_argument
@settable("Set one key of the job, such as iterations or allocator.low.")
@click.option("--now", is_flag=True, help="Do not wait for runs that were queued before.")
@says_errors
def run(job: str, parameters: tuple[tuple[str, str], ...], now: bool) -> None:
    """Train the job JOB.YAML: extract, train, report, allocate, archive.

    JOB.YAML may be `demo`, the job of the public weekly data that ship with the product, or
    `daily`, that of simulated days whose truth is known. One run goes on at a time on a machine;
    this one waits in the queue for its turn.
    """
    training = read_job(job, parameters)
    try:
        show_run(watch(training, at_once=now))
    except KeyboardInterrupt:
        cancelled()


def watch(
    job: TrainingJob, prepare: Callable[[Run], None] = lambda run: None, at_once: bool = False
) -> Run:
    """Run a job its engine accepts and show how far it is; raises what ``attend`` raises.

    ``prepare`` is given the claimed run before anything of it is executed. ``at_once`` runs it
    beside what goes on, without waiting for its turn.
    """
    out = console()
    with out.status("starting …") if out.is_terminal else nullcontext():
        # an optimizer of nevergrad takes a second to import
        from mmmlib.launching import attend, run_at_once
        from mmmlib.run import accepted

        job = accepted(job)
    claimed: list[Run] = []

    def on_claim(run: Run) -> None:
        claimed.append(run)
        prepare(run)
        out.print(f"run [bold]{run}[/bold] in {run.place}")

    def on_wait(ahead: list[str]) -> None:
        out.print(f"waits for {', '.join(ahead)} (Ctrl-C gives up; --now would not wait)")

    started = time.monotonic()
    execute = run_at_once if at_once else partial(attend, on_wait=on_wait)
    try:
        if out.is_terminal:
            with _bars(out) as bars:
                run = execute(job, on_claim, _bar_painter(bars))
        else:
            run = execute(job, on_claim, _line_printer(out))
    except NotebookError:
        out.print(f"[red]failed[/red]; log and notebooks are in {claimed[0].place}")
        raise
    out.print(f"succeeded in {duration(time.monotonic() - started)}")
    return run


def _bars(out: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        console=out,
        transient=True,
    )


def _bar_painter(bars: Progress) -> Callable[[dict[str, Any]], None]:
    """One live bar for what goes on; a stage that is done leaves a line."""
    task = bars.add_task("starting the notebook", total=None)
    done = ""

    def paint(facts: dict[str, Any]) -> None:
        nonlocal done
        text = escape(progress_line(facts))
        if "seconds" not in facts:
            total = facts.get("total")
            bars.update(task, description=text, total=total, completed=facts.get("done", 0))
        elif text != done:
            done = text
            bars.console.print(f"[green]✓[/green] {text}")
            bars.reset(task, description="…", total=None)

    return paint


def _line_printer(out: Console) -> Callable[[dict[str, Any]], None]:
    """Lines at a calm pace, for a log: each new step at once, counts now and then."""
    shown, due = ("", "", False), 0.0

    def write(facts: dict[str, Any]) -> None:
        nonlocal shown, due
        step = (facts["stage"], facts.get("step", ""), "seconds" in facts)
        if step != shown or time.monotonic() >= due:
            shown, due = step, time.monotonic() + PLAIN_SECONDS
            out.print(escape(progress_line(facts)))

    return write
