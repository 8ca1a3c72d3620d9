"""A promoted candidate has all that a best model has."""

from __future__ import annotations

import numpy as np
import pytest

from mmmlib.archive.archive import Archive
from mmmlib.archive.decisions import promote
from mmmlib.archive.in_full import load_in_full
from mmmlib.archive.run import Run
from mmmlib.ground import columns as c
from mmmlib.ground.errors import RunError
from mmmlib.model.json import file_name
from mmmlib.plan.basis import basis_of
from mmmlib.run.promoted import complete, complete_apart
from mmmlib.ui.run.curves.model import CurvesModel
from mmmlib.ui.run.findings import read_findings
from mmmlib.ui.run.over_time.model import OverTimeModel
from mmmlib.ui.runs.model import _read
from tests.tampering import rewrite_table
from tests.ui.trained_run import trained


def not_stored(run) -> str:
    """A candidate on a kept front that the training did not store in full."""
    stored = set(run.load_table("channels")[c.CANDIDATE])
    front = run.load_table("decomposition")[c.CANDIDATE].unique()
    return next(name for name in front if name not in stored)


def seen_anew(run: Run) -> Run:
    """As a process sees it that did not train it."""
    return Archive(run.store.root).run(str(run.id))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that stands for such a candidate."""
    made = trained(str(tmp_path_factory.mktemp("archive")))
    other = not_stored(made)
    promote(made, other, "ada", "plausible")
    complete_apart(made, other, "promoted by ada: plausible")
    return seen_anew(made)


def test_a_promoted_model_lacks_nothing(run):
    findings = read_findings(run)
    chosen = findings.best
    assert chosen != findings.original
    assert {f"{chosen}.png", f"{chosen}.pdf", file_name(chosen)} <= set(run.artifacts())
    assert all(row["current_response"] is not None for row in findings.channels)
    curves = CurvesModel(run)
    assert chosen in curves.stored()
    assert curves.of(chosen)
    assert curves.plans(chosen)
    assert curves.figures(chosen) != curves.figures()
    assert len(basis_of(run, chosen).plan().table) == len(findings.channels)
    row, errors = _read(run), dict(findings.errors)
    assert row["nrmse"] == errors["NRMSE train"]
    assert row["rssd"] == errors["DECOMP.RSSD"]
    over_time = OverTimeModel(run).of(chosen)
    residual = np.sqrt(np.mean(np.square(over_time["residual"])))
    assert residual / np.ptp(over_time["actual"]) == pytest.approx(errors["NRMSE train"], rel=1e-3)


def test_the_tables_of_the_training_stay_as_they_were(run):
    chosen = read_findings(run).best
    assert chosen not in set(run.load_table("channels")[c.CANDIDATE])
    assert chosen in set(load_in_full(run, "channels")[c.CANDIDATE])


def test_what_does_not_give_the_archived_decomposition_is_refused(tmp_path):
    run = trained(str(tmp_path))
    name, table = not_stored(run), run.load_table("decomposition")
    table.loc[table[c.CANDIDATE] == name, c.CONTRIBUTION] *= 1.1
    rewrite_table(run, "decomposition", table)
    with pytest.raises(RunError, match="another contribution"):
        complete(run, name)


def test_nothing_takes_the_place_of_what_the_training_made(run):
    table = run.load("channels.parquet")
    with pytest.raises(RunError, match="of its own; it is not changed"):
        run.add("channels.parquet", b"another table")
    assert seen_anew(run).load("channels.parquet") == table
