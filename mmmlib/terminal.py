"""What `mmm` shows in a terminal: progress while a run goes on, tables when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from mmmlib import columns as c
from mmmlib.archive import CHANGES, CHECKS, TRUTH_PICTURE, Archive, Run
from mmmlib.archived import TRAINING, load_result, summarize
from mmmlib.checks import Finding, Verdict, check, findings_of
from mmmlib.data import JOBS, job_path
from mmmlib.decisions import promotion
from mmmlib.errors import NotebookError, StoreError
from mmmlib.job import TrainingJob
from mmmlib.manifest import Status
from mmmlib.progress import describe, duration
from mmmlib.result import TrainingResult

PLAIN_SECONDS = 2.0  # between lines where there is no terminal to redraw
_COLOURS = {
    Status.SUCCEEDED: "green",
    Status.FAILED: "red",
    Status.CANCELLED: "yellow",
    Status.LOST: "red",
    Status.RUNNING: "cyan",
    Status.QUEUED: "dim",
}
_VERDICTS = {Verdict.PASS: "green", Verdict.REVIEW: "yellow", Verdict.FAIL: "red"}


def console() -> Console:
    """Return a console as wide as the terminal; a pipe gets lines that do not wrap."""
    shown = Console(highlight=False)
    return shown if shown.is_terminal else Console(highlight=False, width=120, soft_wrap=True)


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
        from mmmlib.launch.foreground import attend, run_at_once
        from mmmlib.preflight import accepted

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


def show_runs(archive: Archive, revision: str, country: str) -> None:
    """One line a run, newest first."""
    out = console()
    found = archive.runs(revision, country)
    if not found:
        out.print(f"no runs under {archive.store.root}; start one with `mmm run demo`")
        return
    table = _table("run", "status", "took", "who", "best model", ">nrmse", ">rssd", "note")
    for run in found:
        state, manifest = run.state(), run.manifest
        summary = manifest.summary if manifest else {}
        table.add_row(
            str(run),
            f"[{_COLOURS[state.status]}]{state.status}[/]",
            duration((state.heartbeat - state.started).total_seconds()),
            escape(state.who),
            manifest.best if manifest else "",
            _number(summary.get(c.NRMSE_TRAIN), 4),
            _number(summary.get(c.DECOMP_RSSD), 4),
            escape((state.error or state.stage).split("\n")[0][:60]),
        )
    out.print(table)


def show_run(run: Run) -> None:
    """All that a person asks first about a run."""
    out = console()
    state = run.state()
    out.print(f"\nrun {run}: [{_COLOURS[state.status]}]{state.status}[/] {escape(state.error)}")
    if run.has(TRAINING):
        _show_model(out, result := load_result(run))
        if made := promotion(run, result.best):
            why = escape(f"{made.who}: {made.text}")
            out.print(f"[bold]{made.candidate}[/bold] stands for it, promoted by {why}")
    if run.has(CHECKS):
        out.print()
        _show_findings(out, findings_of(run.load_json(CHECKS)), passed=False)
    if run.has(CHANGES):
        out.print("\nChanged in the data:")
        for change in run.load_json(CHANGES):
            what = f"{change['what']} ({change['count']}) in {change['where']}: {change['why']}"
            out.print(f"  - {escape(what)}")
    artifacts = run.artifacts()
    best = summarize(run)[0]
    out.print(f"\nRun folder: {run.place} ({len(artifacts)} artifacts)")
    for name in artifacts:
        if name == TRUTH_PICTURE:
            out.print(f"The truth:  {run.place}/{name}  (mmm open {run} {name})")
        elif name == f"{best}.png":
            out.print(f"One-pager:  {run.place}/{name}  (mmm open {run})")
        elif name.startswith("robyn_") and name.endswith(".png"):
            out.print(f"Robyn's:    {run.place}/{name}  (mmm open {run} {name})")
        elif name.endswith(".png"):
            out.print(f"Winner:     {run.place}/{name}  (mmm open {run} {name})")
    out.print("Dashboard:  make app, then http://127.0.0.1:8080\n")


def show_data_checks(file: str, picture: str = "") -> bool:
    """Check the data of a job, or of a file whose job is guessed; say whether nothing fails.

    Parameters
    ----------
    file
        Path of a job (``.yaml``), ``demo``, or a data file.
    picture
        Path of a PNG to draw; empty draws none.
    """
    from mmmlib.preflight import dataset_of

    out = console()
    job = _job_for(out, file)
    dataset = dataset_of(job)
    findings = check(dataset, job)
    _show_findings(out, findings)
    if picture:
        from mmmlib.report import figures, style

        try:
            Path(picture).write_bytes(style.png(figures.checks(dataset, job)))
        except OSError as error:
            raise StoreError(f"{picture} cannot be written: {error.strerror}") from error
        out.print(f"pictures: {escape(picture)}")
    return all(finding.verdict is not Verdict.FAIL for finding in findings)


def _job_for(out: Console, file: str) -> TrainingJob:
    if file in JOBS or Path(file).suffix.lower() in (".yaml", ".yml"):
        return TrainingJob.load(job_path(file))
    from mmmlib.guess import guess_job

    guess = guess_job(file)
    job = guess.job
    out.print(
        escape(
            f"guessed job: {job.target} from {', '.join(item.name for item in job.channels)}; "
            f"`mmm job init {file}` writes it, for you to correct"
        )
    )
    for doubt in guess.doubts:
        out.print(f"  - {escape(doubt)}")
    return job


def _show_findings(out: Console, findings: Sequence[Finding], passed: bool = True) -> None:
    """Verdicts as a table; below it what to do about those that do not pass."""
    counts = {verdict: sum(f.verdict is verdict for f in findings) for verdict in Verdict}
    out.print("Data checks: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    bad = [finding for finding in findings if finding.verdict is not Verdict.PASS]
    table = _table("verdict", "check", "where", ">value", ">threshold")
    for finding in findings if passed else bad:
        table.add_row(
            f"[{_VERDICTS[finding.verdict]}]{finding.verdict}[/]",
            finding.id,
            escape(finding.where),
            _figure(finding.value),
            _figure(finding.threshold),
        )
    if table.row_count:
        out.print(table)
    for finding in bad:
        out.print(f"  - {escape(f'{finding.id}, {finding.where}: {finding.advice}')}")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _show_model(out: Console, result: TrainingResult) -> None:
    errors = result.errors()
    out.print(
        f"best model [bold]{result.best}[/bold] of {len(result.candidates):,} "
        f"candidates ({escape(result.rule)})"
    )
    facts = [
        f"{label} {errors[key]:.4f}"
        for label, key in (
            ("NRMSE train", c.NRMSE_TRAIN),
            ("val", c.NRMSE_VAL),
            ("test", c.NRMSE_TEST),
            ("R² train", c.RSQ_TRAIN),
            ("DECOMP.RSSD", c.DECOMP_RSSD),
        )
        if errors[key] == errors[key]
    ]
    out.print(" · ".join(facts))

    shown = result.channel_table()
    efficiency = c.ROAS if shown[c.ROAS].notna().any() else c.CPA
    table = _table(
        "channel",
        ">spend",
        ">spend share",
        ">effect share",
        f">{efficiency.upper()}",
        ">spend a period",
        ">response",
        ">marginal",
    )
    for _, row in shown.iterrows():
        table.add_row(
            escape(row[c.CHANNEL]),
            f"{row[c.SPEND]:,.0f}",
            f"{row[c.SPEND_SHARE]:.1%}",
            f"{row[c.EFFECT_SHARE]:.1%}",
            _number(row[efficiency], 2),
            f"{row[c.CURRENT_SPEND]:,.0f}",
            f"{row[c.CURRENT_RESPONSE]:,.0f}",
            _number(row[c.CURRENT_MARGINAL], 2),
        )
    out.print(table)


def _table(*titles: str) -> Table:
    """A plain table; a title that starts with > stands right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        right = title.startswith(">")
        table.add_column(title.removeprefix(">"), justify="right" if right else "left")
    return table


def _number(value: Any, digits: int) -> str:
    return "" if value is None or value != value else f"{value:,.{digits}f}"


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
        text = escape(describe(facts))
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
            out.print(escape(describe(facts)))

    return write
