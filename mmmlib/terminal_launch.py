"""What `mmm` shows of the queue, of a batch and of the doctor's findings."""

from __future__ import annotations

import json
import time

from rich.live import Live
from rich.markup import escape
from rich.table import Table

from mmmlib.archive import PROGRESS, Archive, Run
from mmmlib.launch.batch import REFUSED, Batch, Row
from mmmlib.launch.queue import listed, seconds_waited
from mmmlib.manifest import Status
from mmmlib.progress import describe, duration
from mmmlib.terminal import console

POLL_SECONDS = 1.0
_COLOURS = {
    Status.SUCCEEDED: "green",
    Status.FAILED: "red",
    Status.LOST: "red",
    Status.CANCELLED: "yellow",
    Status.RUNNING: "cyan",
    REFUSED: "red",
    "pass": "green",
    "warn": "yellow",
    "fail": "red",
}


def show_queue(archive: Archive) -> None:
    """One line a run: those that go on, then those that wait, in their order."""
    out = console()
    shown = listed(archive)
    if not shown:
        out.print(f"nothing goes on or waits under {archive.store.root}")
        return
    table = _table("queue", "run", "status", "for", "who", "what")
    for queue, run in shown:
        state = run.state()
        table.add_row(
            queue,
            str(run),
            _coloured(state.status),
            duration(seconds_waited(run)),
            escape(state.who),
            escape(_doing(run, state.status)),
        )
    out.print(table)


def watch_batch(batch: Batch) -> bool:
    """Follow a batch to its end; say whether every job succeeded."""
    out = console()
    out.print(f"batch [bold]{batch.id}[/bold]: {len(batch.rows)} jobs on {batch.executor}")
    if out.is_terminal:
        with Live(_rows(batch.rows), console=out, refresh_per_second=2) as live:
            while True:
                live.update(_rows(batch.step()))
                if batch.ended:
                    break
                time.sleep(POLL_SECONDS)
    else:
        said: dict[str, tuple[str, int]] = {}
        while True:
            for row in batch.step():
                if said.get(row.name) != (now_ := (row.status, len(row.runs))):
                    said[row.name] = now_
                    out.print(escape(_line(row)))
            if batch.ended:
                break
            time.sleep(POLL_SECONDS)
    counts = batch.finish()["counts"]
    if not out.is_terminal:
        out.print(_rows(batch.rows))
    out.print(", ".join(f"{count} {status}" for status, count in counts.items()))
    return batch.succeeded


def show_doctor(root: str, as_json: bool) -> bool:
    """Print what the doctor finds; say whether nothing fails."""
    from mmmlib.doctor import Verdict, examine

    findings = examine(root)
    if as_json:
        print(json.dumps([finding.plain() for finding in findings], indent=2))
    else:
        out = console()
        table = _table("", "what", "found")
        for finding in findings:
            table.add_row(_coloured(finding.verdict), finding.name, escape(finding.found))
        out.print(table)
        for finding in findings:
            if finding.remedy:
                out.print(f"  - {escape(f'{finding.name}: {finding.remedy}')}")
    return all(finding.verdict is not Verdict.FAIL for finding in findings)


def _doing(run: Run, status: Status) -> str:
    if status is Status.RUNNING and run.has(PROGRESS):
        return describe(run.load_json(PROGRESS))
    launch = run.launch
    if launch and launch.attended:
        return "waits in a terminal"
    return "is being started" if launch and launch.handed_over else "waits"


def _rows(rows: list[Row]) -> Table:
    table = _table("job", "status", "tries", "took", "best model", "run", "note")
    for row in rows:
        table.add_row(
            escape(row.name),
            _coloured(row.status),
            str(len(row.runs)),
            duration(row.seconds) if row.seconds else "",
            row.best,
            row.runs[-1] if row.runs else "",
            escape(row.error.split("\n")[0][:60]),
        )
    return table


def _line(row: Row) -> str:
    run = f" {row.runs[-1]}" if row.runs else ""
    note = f": {row.error}" if row.error and row.status != Status.SUCCEEDED else ""
    return f"{row.name}: {row.status}{run}{note}"


def _coloured(status: str) -> str:
    colour = _COLOURS.get(status, "dim")
    return f"[{colour}]{status}[/]"


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title)
    return table
