"""A run's model made ready to be fitted again from what is archived, whichever engine trained it.

Importing this loads the compiler (about a second), so it is imported on use.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mmmlib.archive import DATASET, Archive, Run
from mmmlib.engines import native
from mmmlib.ground import MMMError, RunError, Severity, children, columns as c, log
from mmmlib.model import FloatArray, ModelInput
from mmmlib.run.refresh.parent import find_parent


def fitted_model(run: Run) -> native.Model:
    """The model on what it saw: the archived model input, spend from the archived dataset.

    Raises
    ------
    RunError
        The run has no dataset, or its tables are not of the same dates.
    DataError
        What is archived cannot be modelled.
    """
    table = run.load_table("model_input")
    if not run.has(DATASET):
        raise RunError(f"run {run} has no dataset; its model cannot be fitted again")
    whole = run.job
    variables = [item.name for item in (*whole.media, *whole.context)]
    job = whole.without([name for name in variables if name not in table])
    frame = run.load_table("dataset").sort_values(job.date, ignore_index=True)
    dates = (pd.to_datetime(frame[job.date]), pd.to_datetime(table[c.DATE]))
    if len(frame) != len(table) or (dates[0].to_numpy() != dates[1].to_numpy()).any():
        raise RunError(f"run {run}: dataset and model input have different dates; train it again")
    spends = pd.DataFrame({item.name: frame[item.spend] for item in job.channels})
    return native.Model(ModelInput.of_table(table, spends, job), job)


def compile_apart(run: Run) -> None:
    """Compile in a process of its own what no interpreter has compiled here before.

    A compiler at work would take 150 MB of the tab for as long as that is open. Where the other
    process fails, the tab compiles itself.
    """
    if not native.lacks_cache(native.evaluate_batch):
        return
    done = children.run(f"{__name__}:compile_here", run.store.root, str(run))
    if done.returncode:
        log(f"live model: {done.stderr.strip()[-500:]}", Severity.WARNING)


def compile_here(root: str, name: str) -> None:
    """Compile what the live model of a run needs."""
    fitted_model(Archive(root).run(name)).compile()


def continued(run: Run, model: native.Model) -> tuple[native.Model, str]:
    """The model of a refresh with what it continues, from which it measures its second error.

    Returns
    -------
    model : Model
        As it was where the run continues none, or what it continued is gone.
    why : str
        Why that is gone; empty where it is there, or there is none.
    """
    if not model.job.refresh_of:
        return model, ""
    try:
        parent = find_parent(run.store, model.job.refresh_of).parent(model.job)
        continuation = native.Continuation.of(model.data, model.job, parent)
    except MMMError as error:
        return model, str(error)
    return replace(model, continuation=continuation), ""


def values_of(
    run: Run, model: native.Model, candidates: pd.DataFrame, candidate: str
) -> FloatArray:
    """Hyperparameters of a candidate in the order of the model's space.

    Raises
    ------
    RunError
        The run did not try this candidate, or does not say all its hyperparameters.
    """
    found = candidates[candidates[c.CANDIDATE] == candidate]
    if found.empty:
        raise RunError(f"run {run} has no model {candidate}; choose one of its candidates")
    if lacking := [name for name in model.space.names if name not in found]:
        raise RunError(f"run {run} does not say {', '.join(lacking)} of its candidates")
    return found.iloc[0][list(model.space.names)].to_numpy(dtype=np.float64)


def channels_of(run: Run, candidate: str) -> pd.DataFrame:
    """The rows of ``TrainingResult.channels`` of a candidate that has none in the archive.

    Made of its archived hyperparameters and coefficients: nothing is fitted anew.
    """
    model = fitted_model(run)
    values = values_of(run, model, run.load_table("candidates"), candidate)
    table = run.load_table("coefficients")
    own = table[table[c.CANDIDATE] == candidate].set_index(c.VARIABLE)[c.COEFFICIENT]
    wanted = [c.INTERCEPT, *model.data.variables]
    if lacking := [name for name in wanted if name not in own]:
        raise RunError(f"run {run} has no coefficients of {', '.join(lacking)} in {candidate}")
    return native.channel_table(model, candidate, values, own[wanted].to_numpy(dtype=np.float64))
