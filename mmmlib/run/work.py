"""The stages of a run as the notebooks call them, one call a cell.

``open_run`` gives a :class:`NotebookRun`; each of its methods does one stage, saves the artifacts
and returns something worth seeing.
"""

from __future__ import annotations

import ast
import atexit
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from mmmlib.archive import (
    ANNOTATIONS,
    CHANGES,
    CHECKS,
    DATASET,
    HOLIDAYS,
    REPORT,
    TRUTH,
    TRUTH_PICTURE,
    Archive,
    Run,
    Status,
    WriteBehind,
    run_card,
    save_models,
    save_result,
)
from mmmlib.data import (
    Change,
    Dataset,
    Listener,
    checks as data_checks,
    dataset_of,
    load_annotations,
    load_dataset,
    read_annotations,
)
from mmmlib.engines import open_engine, second_opinion
from mmmlib.ground import JobError, Problem, StoreError, figure, scrub_kernel, to_sheet
from mmmlib.job import (
    JOB_KEYS,
    TrainingJob,
    job_path,
    plain_values,
    read_text,
    unknown_keys,
)
from mmmlib.model import TrainingResult
from mmmlib.plan import Allocation, basis_of, compared_metrics
from mmmlib.run.preflight import accepted
from mmmlib.run.progress import Progress
from mmmlib.run.refresh import find_parent, shown_changes, train_refresh
from mmmlib.run.supervisor import SUPERVISED, Supervisor
from mmmlib.run.winners import WinnersPages
from mmmlib.simulate import Truth, truth_of

if TYPE_CHECKING:
    from IPython.display import Image, Markdown
    from pandas.io.formats.style import Styler


def open_run(parameters: Mapping[str, Any]) -> NotebookRun:
    """Open the run named by the notebook's ``run``, or claim a new one when it is empty.

    Parameters
    ----------
    parameters : mapping
        The notebook's ``globals()``: every job key, and ``run``. A run that exists has a job of
        its own, which counts.

    Raises
    ------
    JobError
        Everything that is wrong with the parameters.
    RunError
        The run does not exist, or has been executed before.
    """
    refuse_unknown(_injected(parameters))
    if "get_ipython" in parameters:  # a notebook: its tables as people read them
        pd.options.display.float_format = figure
    job = job_of(parameters)
    name = parameters.get("run", "")
    if not name:
        return NotebookRun(Archive(job.root).claim(accepted(job)), supervised=False)
    run = Archive(job.root).run(name)
    if os.environ.get(SUPERVISED) == str(run.id):  # the runner has asked the engine already
        return NotebookRun(run, supervised=True)
    return NotebookRun(run, supervised=False, typed=accepted(job))


def refuse_unknown(names: Iterable[str]) -> None:
    """Refuse parameters that neither the job nor the notebook has."""
    if problems := unknown_keys(name for name in names if name != "run"):
        raise JobError(problems)


def _injected(parameters: Mapping[str, Any]) -> list[str]:
    """Names that papermill has set: those of the cell it puts below the parameters."""
    cells = [source for source in parameters.get("In", ()) if source.startswith("# Parameters\n")]
    return [
        target.id
        for source in cells
        for statement in ast.parse(source).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    ]


def job_of(parameters: Mapping[str, Any]) -> TrainingJob:
    """The valid job in a mapping of parameters, completed by the job's own defaults.

    Parameters that name no data, no target and no channel are the demo job's, with what they set
    otherwise: so each notebook runs as it is.
    """
    if missing := [key for key in JOB_KEYS if key not in parameters]:
        raise JobError(Problem(key, "the notebook does not declare it") for key in missing)
    values = {key: parameters[key] for key in JOB_KEYS}
    if not any(values[key] for key in _NAMES_DATA):
        values = plain_values(read_text(job_path("demo"))) | {
            key: value for key, value in values.items() if value != default_of(key)
        }
    return TrainingJob.parse(values)


_NAMES_DATA = ("file", "table", "sql", "date", "target", "channels")


def default_of(key: str) -> Any:
    """What a notebook declares for a key: its default, nothing for what a job must have."""
    field = TrainingJob.model_fields[key]
    if field.is_required():
        return [] if key == "channels" else ""
    value = field.get_default(call_default_factory=True)
    if hasattr(value, "model_dump"):
        return {}
    return list(value) if isinstance(value, tuple) else value


class NotebookRun:
    """A run being executed in this kernel."""

    def __init__(self, run: Run, supervised: bool, typed: TrainingJob | None = None) -> None:
        scrub_kernel()
        self._behind = WriteBehind(run.store)  # the search must not wait for the network
        self.run = Run(self._behind, run.id)
        self.job = run.job
        self._typed = typed
        self._supervisor = None if supervised else Supervisor(run)
        if self._supervisor:
            self._supervisor.start()
            atexit.register(
                self._supervisor.end,
                Status.CANCELLED,
                "the notebook was closed before its last cell",
            )
        on_stage = self._supervisor.stage if self._supervisor else (lambda stage: None)
        self.progress = Progress(self.run, on_stage)
        self._dataset: Dataset | None = None
        self._winners_pages: WinnersPages | None = None

    def prepare(self) -> Dataset:
        """Return the run's dataset; read from the source and archived when the run has none."""
        if self._dataset is None:
            self._dataset = self._archived() if self.run.has(DATASET) else self._extract()
        return self._dataset

    def extract(self) -> pd.DataFrame:
        """Read the source and make the dataset; show its first rows."""
        return self.prepare().frame.head()

    def changes(self) -> pd.DataFrame:
        """Return the change ledger: everything that was changed in the data."""
        return pd.DataFrame(
            [asdict(change) for change in self.prepare().changes],
            columns=list(Change.__dataclass_fields__),
        )

    def check(self) -> tuple[data_checks.Finding, ...]:
        """Check the data, unless the run has ``checks.json``, and return what was found."""
        dataset = self.prepare()  # extracted first where there is none; that checks it too
        if not self.run.has(CHECKS):
            self._check(dataset)
        return data_checks.findings_of(self.run.load_json(CHECKS))

    def checks(self) -> Styler:
        """Show the data checks with their advice in full.

        Raises
        ------
        DataError
            A check says FAIL; the table is shown before.
        """
        findings = self.check()
        shown = data_checks.table(findings).style.hide(axis="index")
        shown = shown.format(precision=4, na_rep="", escape="html").set_uuid("checks")
        shown = shown.set_table_styles([{"selector": "td", "props": "text-align: left"}])
        if any(item.verdict is data_checks.Verdict.FAIL for item in findings):
            from IPython.display import display

            display(shown)
            with self._stage("check"):
                data_checks.refuse_failures(findings)
        return shown

    def annotations(self) -> pd.DataFrame:
        """Return dates with a label to be drawn on the charts: ``date, label``."""
        self.prepare()  # the file is archived when the data are extracted
        return read_annotations(self.run.load(ANNOTATIONS) if self.run.has(ANNOTATIONS) else b"")

    def train(self) -> TrainingResult:
        """Train the job's model with its engine and archive the tables.

        The pages of the cluster winners are drawn from here on, beside the next cells.

        Raises
        ------
        DataError
            A data check says FAIL.
        """
        dataset, findings = self.prepare(), self.check()
        with self._stage("train"):
            data_checks.refuse_failures(findings)
            job = self.job.without(dataset.dropped)
            if job.refresh_of:
                return train_refresh(self.run, dataset, job, self.progress)
            result = open_engine(job).train(dataset, job, self.progress)
            if job.posterior.second_opinion and job.engine != "bayes":
                result = second_opinion(result, dataset, job, self.progress)
            save_result(self.run, result)
            if job.engine == "native":
                save_models(self.run, result, job)
        self._winners_pages = WinnersPages(self.run, result)  # reads what the stage has stored
        return result

    def refreshed(self) -> pd.DataFrame | Markdown:
        """Show what a refresh has changed against the model it continues."""
        return shown_changes(self.run)

    def allocate(self) -> Allocation:
        """Plan the budget on the best model's response curves.

        Where the engine made a plan of its own (Robyn), it is compared with ours, which is the
        one returned; what differs is said here, in the log and in ``allocator_metrics.csv``.
        """
        with self._stage("allocate"):
            basis = basis_of(self.run)
            allocation = basis.plan()
            metrics, said = compared_metrics(self.run, allocation, basis)
            uplift = allocation.uplift
            for line in filter(None, (said, uplift.words() if uplift else "")):
                self.progress.log(line)
                print(line)
            self.run.save("allocator_metrics.csv", to_sheet(metrics))
            self.run.save(f"allocation_{allocation.scenario}.csv", to_sheet(allocation.table))
            warnings = pd.DataFrame({"warning": allocation.warnings}, dtype=object)
            self.run.save("allocation_warnings.csv", to_sheet(warnings))
        return allocation

    def one_pager(self, result: TrainingResult, allocation: Allocation | None = None) -> Image:
        """Draw the best model's page for a director, archive it (PNG, PDF) and show it.

        The report, one HTML file, is archived with it (``report.html``).
        Each cluster's winner gets a page in the archive too, without the plan, which is the best
        model's. Where the data are simulated, modelled ROAS and response stand beside the true
        ones.
        """
        with self._stage("report"):
            from IPython.display import Image, display

            from mmmlib.report import html_report, page, style

            figure = page(result, self.job, allocation, self.annotations())
            png = style.png(figure)
            self.run.save(f"{result.best}.png", png)
            self.run.save(f"{result.best}.pdf", style.pdf(figure))
            self.run.save(REPORT, html_report(self.run, result, allocation))
            (self._winners_pages or WinnersPages(self.run, result)).finish()
            if truth := truth_of(self.job):
                display(self._against(truth, result))
        return Image(png, width=1000)

    def _against(self, truth: Truth, result: TrainingResult) -> Image:
        from IPython.display import Image

        from mmmlib.report import style, truth_figure, truth_table

        self.run.save(TRUTH, to_sheet(truth_table(result, self.job, truth)))
        png = style.png(truth_figure(result, self.job, truth))
        self.run.save(TRUTH_PICTURE, png)
        return Image(png, width=1000)

    def finish(self) -> pd.DataFrame:
        """End the run, unless its runner does; show what it left behind."""
        if self._supervisor:
            self._supervisor.end(Status.SUCCEEDED)
            print(
                "The artifacts are archived; this notebook is not. To archive it too:\n"
                "papermill --engine mmm notebooks/train.ipynb out.ipynb -f job.yaml"
            )
        else:
            print("The runner archives this notebook beside its artifacts.")
        sizes = self.run.artifacts()
        return pd.DataFrame({"artifact": list(sizes), "bytes": list(sizes.values())})

    def _archived(self) -> Dataset:
        return load_dataset(
            self.job,
            self.run.load_table("dataset"),
            self.run.load(HOLIDAYS),
            self.run.load_json(CHANGES),
        )

    def _extract(self) -> Dataset:
        with self._stage("extract"):
            if self.job.refresh_of:  # a parent that is not there is said before data are read
                find_parent(self.run.store, self.job.refresh_of)
            if self.job.annotations:
                self.run.save(ANNOTATIONS, load_annotations(self.job.annotations))
            dataset = dataset_of(self.job, self._listener())
            self.run.save_table("dataset", dataset.frame)
            self.run.save(HOLIDAYS, to_sheet(dataset.holidays))
            self.run.save_json(CHANGES, [asdict(change) for change in dataset.changes])
        self._check(dataset)
        return dataset

    def _listener(self) -> Listener:
        return Listener(str(self.run.id), self.progress.log, self.progress.rows)

    def _check(self, dataset: Dataset) -> None:
        with self._stage("check"):
            found = data_checks.check(dataset, self.job)
            self.run.save_json(CHECKS, [finding.plain() for finding in found])

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        """One stage, done when all it wrote is stored.

        When nobody else keeps the status, its failure ends the run.
        """
        try:
            with self.progress.stage(name):
                yield
                self._behind.flush()
            self._behind.flush()  # the log's last words
        except BaseException as error:
            try:
                self._behind.flush()
            except StoreError as lost:
                error.add_note(f"and its log could not be archived: {lost}")
            if self._supervisor:
                self._supervisor.fail(error)
            raise

    def _repr_html_(self) -> str:
        return run_card(self.run, self._typed)
