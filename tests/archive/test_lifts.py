"""What lift studies measured beside what a model says: the engine's own distance."""

from __future__ import annotations

import pytest

from mmmlib.archive.results import lifts_of
from mmmlib.ground import columns as c
from mmmlib.ui.compare.model import compare
from mmmlib.ui.run.findings import LIFT_DISTANCE, read_findings
from tests.ui.trained_run import trained

STUDIES = [
    {"channels": ["tv_S"], "start": "2018-05-07", "end": "2018-06-10", "lift": 400000.0},
    {"channels": ["tv_S", "facebook_I"], "start": "2018-03-05", "end": "2018-04-08",
     "lift": 90000.0, "scope": "total"},
]  # fmt: skip


@pytest.mark.parametrize("adstock", ["geometric", "weibull_pdf"])
def test_the_mean_difference_is_the_mape(tmp_path, adstock):
    run = trained(str(tmp_path), candidates=20, calibration=STUDIES, adstock=adstock)
    candidates = run.load_table("candidates").set_index(c.CANDIDATE)
    for name in run.load_table("decomposition")[c.CANDIDATE].unique()[:2]:
        table = lifts_of(run, name)
        assert table["channels"].tolist() == ["tv_S", "tv_S + facebook_I"]
        assert table["measured"].tolist() == [400000.0, 90000.0]
        found = table["difference"].abs().mean()
        assert found == pytest.approx(candidates.loc[name, c.MAPE], rel=1e-6)
    findings = read_findings(run)
    assert dict(findings.errors)[LIFT_DISTANCE] == pytest.approx(
        candidates.loc[findings.best, c.MAPE]
    )


def test_a_run_without_studies_is_not_the_better_one(tmp_path):
    runs = [trained(str(tmp_path), candidates=20, calibration=each) for each in (STUDIES, [])]
    assert lifts_of(runs[1]).empty
    found = compare(type("A", (), {"run": lambda self, name: runs[int(name)]})(), ["0", "1"])
    rows = {row["key"]: row for row in found["errors"]}
    assert rows[LIFT_DISTANCE]["values"][1] is None
    assert all(row["best"] is None and row["note"] for row in rows.values())
