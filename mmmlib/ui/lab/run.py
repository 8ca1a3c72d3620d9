"""A run in a person's hand: what it found, drawn, asked and planned with.

It is the archive's run and more: what plans, draws and trains lies above the archive, so this
class does too, and everything below takes it as what it is, a run of the archive.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.archive import (
    TRAINING,
    Archive as AllRuns,
    Run as ArchivedRun,
    asked_model,
    export_model,
    report_name,
    report_of,
    save_zip,
)
from mmmlib.ground import RunError, Shown, StoreError, card, html_table
from mmmlib.ui.lab.trained import TrainedRun

if TYPE_CHECKING:
    import pandas as pd

    from mmmlib.run import Recreation, Reproduction
    from mmmlib.ui.lab.plots import Plots
    from mmmlib.ui.shell.view import Shell


@dataclass(frozen=True, repr=False)
class HeldRun(Shown, TrainedRun):
    """One run of the archive, by :func:`mmmlib.open` or :func:`mmmlib.train`.

    Where a ``candidate`` may be named it is ``best``, ``promoted`` or an id; empty is the model
    the run stands for: the one promoted last, or else the best.

    Examples
    --------
    >>> import mmmlib
    >>> run = mmmlib.open("latest")
    >>> run
    Run demo/de/...: succeeded
    model ... · NRMSE train 0... · R² train 0... · DECOMP.RSSD 0...
    >>> run.channels[["channel", "spend"]].head(2)
      channel         spend
    0     ooh  8.239694e+06
    1      tv  2.591412e+06
    >>> run.job.adstock, run.state().status.value
    ('geometric', 'succeeded')
    """

    @classmethod
    def of(cls, run: ArchivedRun) -> HeldRun:
        """The same run, to be held."""
        return cls(run.store, run.id)

    @property
    def plot(self) -> Plots:
        """The figures of the run.

        Examples
        --------
        >>> import mmmlib
        >>> run = mmmlib.open("latest")
        >>> run.plot.fit().get_size_inches().round(1).tolist()
        [10.0, 3.8]
        """
        from mmmlib.ui.lab.plots import Plots

        return Plots(self)

    def explore(self, page: str = "results") -> Shell:
        """A page of the dashboard on this run, as a widget: ``results``, ``plan``, ``live``."""
        from mmmlib.ui.dashboard import show
        from mmmlib.ui.routes import address

        return show(self.store.root, address(page, run=str(self)))

    def compare(self, *others: ArchivedRun | str) -> pd.DataFrame:
        """This run beside others: settings that differ, data, errors, and each channel's ROAS.

        What one should know before reading the figures is printed.

        Parameters
        ----------
        *others : Run or str
            One to three runs of the same archive.

        Raises
        ------
        RunError
            There is no such run, or there are too few or too many.

        Examples
        --------
        >>> import mmmlib
        >>> run, before = mmmlib.Archive().runs()
        >>> table = run.compare(before)
        The same data set.
        One setting differs.
        >>> table.loc[("settings", "iterations")].tolist()
        ['100', '90']
        """
        from mmmlib.ui.lab.comparison import comparison

        return comparison(self, others)

    def cancel(self, who: str = "") -> None:
        """Ask the run to stop, or take it out of the queue; its process ends it within seconds."""
        from mmmlib.launching import cancel

        cancel(ArchivedRun(self.store, self.id), who)

    def download(self, output: str = "") -> str:
        """Pack the whole run into one zip file; return a line that says what it holds."""
        return save_zip(self, Path(output or f"{str(self).replace('/', '_')}.zip"))

    def report(self, output: str = "") -> str:
        """Write the report on the run's model, one HTML file; return its path.

        Parameters
        ----------
        output : str
            The file; empty is a name with revision, country and date.

        Raises
        ------
        RunError
            The run has none: it has not trained, or was archived before there were reports.

        Examples
        --------
        >>> import mmmlib
        >>> path = mmmlib.open("latest").report()
        >>> path
        'report-demo-de-...html'
        """
        if not (name := report_of(self)):
            why = f"run {self} has no report"
            raise RunError(f"{why}: it has not trained, or was archived before there were reports")
        path = Path(output or report_name(self))
        try:
            path.write_bytes(self.load(name))
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}") from error
        return str(path)

    def export(self, candidate: str = "", output: str = "", data: bool = False) -> str:
        """Write a model as JSON that Robyn reads, with its dataset on request; return the path."""
        return export_model(self, asked_model(self, candidate)[0], output, data)

    def refresh(self, candidate: str = "", file: str = "", steps: int = 0, **keys: Any) -> HeldRun:
        """Continue a model on newer data, as a new run.

        Parameters
        ----------
        candidate : str
            The model to continue.
        file : str
            Newer data; empty reads the job's own source again.
        steps : int
            Rows the window moves by; 0 is all that are new.
        **keys
            Keys of the job to be set.

        Examples
        --------
        >>> import mmmlib
        >>> run = mmmlib.open("latest")
        >>> newer = run.refresh(steps=4, iterations=60, trials=1)
        refresh of model ... of run demo/de/...: the window moves from 2016-01-04 … 2018-12-31
        to 2016-02-01 … 2019-01-28
        run demo/de/... in ...
        >>> newer.job.refresh_of.startswith(str(run))
        True
        """
        from mmmlib.run import refreshed_job
        from mmmlib.ui.lab.training import attended

        name = asked_model(self, candidate)[0]
        job, notes = refreshed_job(self, name, file, steps, [*keys.items()])
        print(*notes, sep="\n")
        return HeldRun.of(attended(job))

    def recreate(self, candidate: str = "") -> Recreation:
        """Fit an exported model again, and compare it with what was exported."""
        from mmmlib.run import recreate_run

        return recreate_run(self, asked_model(self, candidate)[0])

    def reproduce(self) -> Reproduction:
        """Train the whole run again from its receipt, as a new run, and say what differs.

        Examples
        --------
        >>> import mmmlib
        >>> again = mmmlib.open("latest").reproduce()
        run demo/de/... in ...
        >>> again.same
        True
        """
        from mmmlib.run import compare_runs, copy_dataset, reproducible_job
        from mmmlib.ui.lab.training import attended

        new = attended(reproducible_job(self), lambda claimed: copy_dataset(self, claimed))
        return compare_runs(self, new)

    def _said(self) -> tuple[str, str]:
        state = self.state()
        title = f"Run {self}: {state.status}"
        if not self.has(TRAINING):
            return title, (state.error or state.stage or self.place).splitlines()[0]
        from mmmlib.ui.run.findings import read_findings

        found = read_findings(self)
        errors = [f"{name} {value:.4f}" for name, value in found.errors]
        return title, " · ".join([f"model {found.best}", *errors])

    def _repr_html_(self) -> str:
        return "".join(self._shown())

    def _shown(self) -> Iterator[str]:
        title, line = self._said()
        yield card(title, line, self.place)
        if not self.has(TRAINING):
            return
        yield html_table(self.channels)
        name = f"{asked_model(self)[0]}.png"
        if self.has(name):
            picture = base64.b64encode(self.load(name)).decode()
            yield f"<details><summary>One-pager</summary>{_image(picture)}</details>"


def _image(data: str) -> str:
    return f'<img style="max-width:100%" alt="One-pager" src="data:image/png;base64,{data}">'


class HeldArchive(Shown, AllRuns):
    """All runs under a root (``MMM_ROOT`` when empty).

    Examples
    --------
    >>> import mmmlib
    >>> archive = mmmlib.Archive()
    >>> archive
    Archive ...: 2 runs
    newest demo/de/...
    >>> [run.job.country for run in archive.runs(revision="demo")]
    ['de', 'de']
    """

    def run(self, name: str) -> HeldRun:
        """Find a run by its id; ``latest`` is the newest one."""
        return HeldRun.of(super().run(name))

    def trained(self, name: str = "latest") -> HeldRun:
        """Find a run whose model is wanted; ``latest`` is the newest one that has a model."""
        return HeldRun.of(super().trained(name))

    def runs(self, revision: str = "", country: str = "") -> list[HeldRun]:  # type: ignore[override]
        """Runs, newest first."""
        return [HeldRun.of(run) for run in super().runs(revision, country)]

    def queue(self, settle: bool = False) -> pd.DataFrame:
        """The runs that go on and those that wait, in their order: ``queue, run, status, who``.

        ``settle`` first ends what is dead and starts what is next, as a server does by itself.
        """
        import pandas as pd

        from mmmlib.launching import listed, settled

        if settle:
            settled(self.store.root)
        rows = [(name, str(run), run.state()) for name, run in listed(self)]
        return pd.DataFrame(
            [(name, run, str(state.status), state.who) for name, run, state in rows],
            columns=["queue", "run", "status", "who"],
        )

    def _said(self) -> tuple[str, str]:
        found = AllRuns.runs(self)
        count = f"{len(found):,} run{'' if len(found) == 1 else 's'}"
        return (
            f"Archive {self.store.root}: {count}",
            f"newest {found[0]}" if found else "start one with mmmlib.train",
        )

    def _tabled(self) -> pd.DataFrame:
        return self.table(most=20)


Run = HeldRun  # their names in the face
Archive = HeldArchive
