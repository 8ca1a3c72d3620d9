"""What a run does right now, for everyone who looks: file, log and notebook bar.

The kernel that trains turns stages and engine events into ``progress.json`` and the console log
(as often as the store likes: once a second in a folder, every 5 s in a bucket), and into one
notebook output that carries the same facts as data, so that the runner can show them without
polling the store.
"""

from __future__ import annotations

import html
import json
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mmmlib.archive import CONSOLE, PROGRESS, Run, now
from mmmlib.engines import CandidatesDone, Event, LogLine, PartDone, StepStarted
from mmmlib.ground import scrub

MIME = "application/vnd.mmm.progress+json"
DISPLAY_SECONDS = 0.25
CONSOLE_LINES = 8  # of the engine's console that the notebook shows; the log has all
HISTORY_POINTS = 80  # of the errors so far, at most


@dataclass
class Progress:
    """Collects what happens; every place is written at its own pace, the last word always.

    Attributes
    ----------
    run : Run
        Whose ``progress.json`` and console log are written.
    on_stage : callable
        Told each stage's name (the supervisor writes it into the status).
    """

    run: Run
    on_stage: Callable[[str], None] = lambda stage: None
    facts: dict[str, Any] = field(default_factory=dict)
    _log: list[str] = field(default_factory=list)
    _said: deque[str] = field(default_factory=lambda: deque(maxlen=CONSOLE_LINES))
    _file_due: float = 0.0
    _display_due: float = 0.0
    _bar: NotebookBar = field(default_factory=lambda: NotebookBar())

    def __post_init__(self) -> None:
        if self.run.has(CONSOLE):  # an earlier notebook of this run
            self._log = self.run.load(CONSOLE).decode().splitlines()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """One stage of the run; its failure is in the log with the whole traceback."""
        self.facts = {"stage": name}
        self._bar = NotebookBar()
        self._said.clear()
        self.on_stage(name)
        self.log(f"stage {name}")
        started = time.perf_counter()
        try:
            yield
        except BaseException:
            self._log += scrub(traceback.format_exc()).splitlines()
            self.log(f"stage {name} stopped after {duration(time.perf_counter() - started)}")
            raise
        else:
            self.facts["seconds"] = time.perf_counter() - started
            self.log(f"stage {name} done in {duration(self.facts['seconds'])}")
        finally:
            self._publish(last=True)

    def __call__(self, event: Event) -> None:
        """Take an event of an engine."""
        match event:
            case StepStarted(step):
                self._display_due = self._file_due = 0.0  # a new step is always told, however short
                self.facts["step"] = step
                for key in ("part", "part_share", "seconds_left"):
                    self.facts.pop(key, None)
                self.log(f"{self.facts.get('stage', '')}: {step}")
            case LogLine(text):
                self._said.append(text)
                self.log(text)
            case PartDone(what, share, left):
                self.facts |= {"part": what, "part_share": share, "seconds_left": left}
            case CandidatesDone() if "part" in self.facts and event.done == self.facts.get("done"):
                pass  # the search is over
            case CandidatesDone():
                self.facts |= {
                    "trials": list(event.trials),
                    "done": event.done,
                    "total": event.total,
                    "rate": event.rate,
                    "seconds_left": event.seconds_left,
                    "best_nrmse": event.best_nrmse,
                    "best_rssd": event.best_rssd,
                    "history": _continued(self.facts.get("history", []), event),
                }
        self._publish()

    def rows(self, done: int, total: int) -> None:
        """Take the rows a source has read, of those it has (0: not known)."""
        self.facts |= {"rows": done, "rows_total": total}
        self._publish()

    def log(self, line: str) -> None:
        """Add a line to the console log."""
        self._log.append(f"{now():%Y-%m-%d %H:%M:%S} {scrub(line)}")

    def _publish(self, last: bool = False) -> None:
        at = time.monotonic()
        if last or at >= self._display_due:
            self._display_due = at + DISPLAY_SECONDS
            self._bar(self.facts, self._said)
        if last or at >= self._file_due:
            self._file_due = at + self.run.store.pace
            self.run.save_json(PROGRESS, {**self.facts, "at": now().isoformat()})
            self.run.save(CONSOLE, (scrub("\n".join(self._log)) + "\n").encode())


class NotebookBar:
    """What goes on, as one output of a notebook that is updated; nothing where there is none."""

    def __init__(self) -> None:
        self._shown: Any = None

    def __call__(self, facts: dict[str, Any], said: Iterable[str] = ()) -> None:
        """Show the facts, and the engine's last lines below them."""
        shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
        if not shell or not hasattr(shell, "kernel"):
            return
        from IPython.display import display

        bundle = {
            "text/plain": progress_line(facts),
            "text/html": _bar_html(facts, said),
            MIME: json.loads(json.dumps(facts)),
        }
        if self._shown is None:
            self._shown = display(bundle, raw=True, display_id=True)
        else:
            self._shown.update(bundle, raw=True)


def _continued(history: list[list[float]], event: CandidatesDone) -> list[list[float]]:
    """The errors so far by candidates done, thinned so that the file stays small."""
    point = [event.done, event.best_nrmse, event.best_rssd]
    if not all(abs(value) < float("inf") for value in point):  # nothing has been fitted yet
        return history
    if len(history) > HISTORY_POINTS:
        history = history[::2]
    if len(history) > 1 and history[-1][1:] == history[-2][1:] == point[1:]:
        history = history[:-1]  # nothing new: the last point moves along
    return [*history, point]


def progress_line(facts: dict[str, Any]) -> str:
    """One line for a person: ``train · search · trial 3/5 · 4,210 / 10,000 · 812/s · 7 s left``."""
    if (seconds := facts.get("seconds")) is not None:
        count = f" · {facts['done']:,} candidates" if facts.get("total") else ""
        return f"{facts['stage']}{count} · done in {duration(seconds)}"
    parts = [facts.get("stage", ""), facts.get("step", "")]
    if rows := facts.get("rows"):
        total_rows = facts.get("rows_total")
        parts.append(f"{rows:,} / {total_rows:,} rows" if total_rows else f"{rows:,} rows")
    if part := facts.get("part"):
        parts += [part, f"{facts['part_share']:.0%}" if facts["part_share"] else ""]
        if facts.get("seconds_left"):
            parts.append(f"{duration(facts['seconds_left'])} left")
    elif total := facts.get("total"):
        trials = facts["trials"]
        share = total / len(trials)
        running = next((i for i, done in enumerate(trials, 1) if done < share), len(trials))
        parts += [
            f"trial {running}/{len(trials)}",
            f"{facts['done']:,} / {total:,} candidates",
        ]
        if facts["rate"]:
            parts.append(f"{facts['rate']:,.0f}/s")
        if facts.get("seconds_left"):
            parts.append(f"{duration(facts['seconds_left'])} left")
    return " · ".join(part for part in parts if part)


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _bar_html(facts: dict[str, Any], said: Iterable[str] = ()) -> str:
    """The bar, with the last lines of the engine's console under it."""
    value = f'value="{facts["done"]}" max="{facts["total"]}"' if facts.get("total") else ""
    if facts.get("rows_total"):
        value = f'value="{facts["rows"]}" max="{facts["rows_total"]}"'
    if facts.get("part"):
        value = f'value="{facts["part_share"]}" max="1"' if facts["part_share"] else ""
    if "seconds" in facts:
        value = 'value="1" max="1"'
    text = html.escape(progress_line(facts))
    bar = f'<div><progress {value} style="width:20em"></progress> {text}</div>'
    console = html.escape("\n".join(said))
    return bar + (f"<pre>{console}</pre>" if console else "")
