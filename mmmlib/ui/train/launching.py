"""From the form to the queue: who launched it, and what was quoted, go into the run.

The launch is made in a process of its own: to ask an engine whether it takes a job imports what
trains, which would stay in the memory of the page's kernel.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from mmmlib.errors import LaunchError, MMMError

if TYPE_CHECKING:
    from mmmlib.job import TrainingJob
    from mmmlib.ui.train.quote import Quote

LIMIT_SECONDS = 120  # a bucket or a cluster that does not answer


def launch(
    job: TrainingJob, expected: Quote, who: str, root: str
) -> tuple[str, list[dict[str, str]]]:
    """Queue a run of a job.

    Parameters
    ----------
    job : TrainingJob
    expected : Quote
        What the person was told; written into the run.
    who : str
        The person.
    root : str
        Root of the archive where the job names none.

    Returns
    -------
    str
        The run's id; empty where the job is refused.
    list of mapping
        Problems (``where``, ``message``), where the engine or the source refuses the job.

    Raises
    ------
    LaunchError
        The executor or the archive cannot take it.
    """
    asked = {
        "job": job.to_values(),
        "quote": expected.plain(),
        "executor": expected.executor,
        "who": who,
        "root": root,
    }
    # -P: a folder full of data must not be searched for modules
    command = [sys.executable, "-P", "-m", "mmmlib.ui.train.launching"]
    try:
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, timeout=LIMIT_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise LaunchError(
            f"{expected.executor} did not answer within {LIMIT_SECONDS} s; look at the runs before "
            "you try again"
        ) from None
    if done.returncode:
        raise RuntimeError(f"the launch ended with {done.returncode}: {done.stderr}")
    answer = json.loads(done.stdout.splitlines()[-1])
    if answer["error"]:
        raise LaunchError(answer["error"])
    return answer["run"], answer["problems"]


def answer_to(asked: dict[str, Any]) -> dict[str, Any]:
    """Launch what is asked for; the answer has ``run``, ``problems`` and ``error``."""
    from mmmlib.archive import Archive, Run
    from mmmlib.job import TrainingJob
    from mmmlib.launch.queue import submit
    from mmmlib.ui.train.form import engine_refusals
    from mmmlib.ui.train.quote import QUOTE

    def keep_quote(run: Run) -> None:
        run.save_json(QUOTE, asked["quote"])

    try:
        job = TrainingJob.parse(asked["job"])
        if problems := engine_refusals(job):
            return {"run": "", "problems": problems, "error": ""}
        if not job.root and Archive().store.root != asked["root"]:
            job = job.model_copy(update={"root": asked["root"]})  # the page's, not the settings'
        run = submit(job, asked["executor"], who=asked["who"], on_claim=keep_quote)
    except MMMError as error:
        return {"run": "", "problems": [], "error": str(error)}
    return {"run": str(run), "problems": [], "error": ""}


if __name__ == "__main__":
    print(json.dumps(answer_to(json.load(sys.stdin))))
