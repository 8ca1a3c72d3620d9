"""The verbs of ``mmm`` as functions of ``mmmlib``; words and options are the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmmlib.data import check as check_data, checks
from mmmlib.job import JOBS, TrainingJob
from mmmlib.ui.lab.run import Archive, Run

if TYPE_CHECKING:
    import pandas as pd

Asked = TrainingJob | str | Path


def open(run: str = "latest", root: str = "") -> Run:
    """Open a run of the archive.

    Parameters
    ----------
    run : str
        Its id, such as ``r100/de/20261123_053424``; ``latest`` is the newest one that has a
        model.
    root : str
        Archive to use; the default is ``MMM_ROOT``.

    Raises
    ------
    RunError
        There is no such run.

    Examples
    --------
    >>> import mmmlib
    >>> mmmlib.open().id.country
    'de'
    """
    return Archive(root).trained(run)


def show(run: str = "latest", root: str = "") -> None:
    """Show a run: its end, errors, channels and one-pager.

    Examples
    --------
    >>> import mmmlib
    >>> mmmlib.show("latest")
    Run demo/de/...: succeeded
    model ...
    """
    from IPython import get_ipython
    from IPython.display import display

    found = Archive(root).run(run)
    if get_ipython():
        display(found)
    else:
        print(repr(found))


def runs(revision: str = "", country: str = "", root: str = "") -> pd.DataFrame:
    """List runs, newest first: ``run, status, seconds, who, best``, errors, ``note``.

    Examples
    --------
    >>> import mmmlib
    >>> mmmlib.runs(country="de")["status"].unique().tolist()
    ['succeeded']
    """
    return Archive(root).table(revision, country)


def train(job: Asked, now: bool = False, **keys: Any) -> Run:
    """Train a job here and now, as ``mmm run`` does: extract, train, report, allocate, archive.

    Parameters
    ----------
    job : Job, str or Path
        A job, a ``job.yaml``, or ``demo`` or ``daily``.
    now : bool
        Do not wait for runs that were queued before.
    **keys
        Keys of the job to be set, as :meth:`Job.load` takes them.

    Raises
    ------
    JobError
        The job is not valid, or its engine refuses it.
    NotebookError
        The run failed; it is archived with its notebooks and its log.

    Examples
    --------
    >>> import mmmlib
    >>> run = mmmlib.train("demo", iterations=60, trials=1)
    run demo/de/... in ...
    >>> run.state().status.value
    'succeeded'
    """
    from mmmlib.ui.lab.training import attended

    return Run.of(attended(_job(job, keys), now=now))


def launch(job: Asked, executor: str = "", **keys: Any) -> Run:
    """Queue a job and return at once; an executor trains it when it is its turn.

    Parameters
    ----------
    job, **keys
        As :func:`train` takes them.
    executor : str
        What executes the run, such as ``local`` or ``cloudrun``; the default is the first of
        ``MMM_EXECUTORS``.

    Raises
    ------
    JobError
        The job is not valid, or its engine refuses it.
    LaunchError
        The executor is not set up here.

    Examples
    --------
    >>> import mmmlib
    >>> run = mmmlib.launch("demo", iterations=60, trials=1)
    >>> run.cancel()
    """
    from mmmlib.launching import submit

    return Run.of(submit(_job(job, keys), executor))


def check(job: Asked, **keys: Any) -> pd.DataFrame:
    """Everything that is wrong with a job, and the data checks as a table.

    Parameters
    ----------
    job : Job, str or Path
        As :func:`train` takes it; of a CSV or Parquet file the job is guessed.
    **keys
        Keys of the job to be set.

    Raises
    ------
    JobError
        Everything that is wrong with the job, by itself, for its engine and against its data.

    Examples
    --------
    >>> import mmmlib
    >>> mmmlib.check("demo")["verdict"].unique().tolist()
    ['PASS']
    """
    from mmmlib.run import check_job

    checked = check_job(_job(job, keys))
    return checks.table(check_data(checked.dataset, checked.job))


def guess(
    file: str = "",
    *more: str,
    country: str = "",
    date: str = "",
    target: str = "",
    spend: str = "",
    first_date: str = "",
    no_row: str = "",
    connection: str = "",
    table: str = "",
    sql: str = "",
) -> TrainingJob:
    """Propose a job by looking at the data, as ``mmm job init`` does; prints what is doubtful.

    Parameters
    ----------
    file, *more : str
        CSV or Parquet file, workbook, or ``example:weekly``; further ones are joined by date.
        Empty: a table or SQL of Snowflake.
    country : str
        Label or value of the country; ``*`` adds all up.
    date, target : str
        Columns of the dates and of what is to be explained, where they are not found.
    spend : str
        Columns of spend, by commas, where names do not say.
    first_date : str
        Date of the first row, where rows are numbered.
    no_row : str
        What missing dates are: ``zero`` or ``fill``.
    connection, table, sql : str
        Of Snowflake; ``table`` may be the sheet of a workbook.

    Raises
    ------
    SourceError, DataError
        No job can be guessed from the data, or a question only a person can answer.

    Examples
    --------
    >>> import mmmlib
    >>> job = mmmlib.guess("example:weekly", country="de")
    >>> job.target, [channel.name for channel in job.channels][:2]
    ('revenue', ['tv', 'ooh'])
    """
    from mmmlib.run import first_guess

    chosen = {
        "country": country,
        "date": date,
        "target": target,
        "spend": spend,
        "first_date": first_date,
        "no_row": no_row,
        "connection": connection,
        "table": table,
        "sql": sql,
    }
    found = first_guess([name for name in (file, *more) if name], chosen)
    for doubt in found.doubts:
        print(f"not sure about: {doubt}")
    return found.job


def _job(asked: Asked, keys: dict[str, Any]) -> TrainingJob:
    if isinstance(asked, TrainingJob):
        return asked.with_keys(**keys) if keys else asked
    if str(asked) in JOBS or Path(asked).suffix.lower() in (".yaml", ".yml"):
        return TrainingJob.load(asked, **keys)
    return _job(guess(str(asked)), keys)
