"""What a training found, read from the archive for one page."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmmlib.archive import TRAINING, TRUTH, Chosen, Run, chosen_model, load_in_full
from mmmlib.ground import columns as c, from_sheet
from mmmlib.model import fit_said
from mmmlib.ui.plain import cell, number
from mmmlib.ui.run.spread import read_columns

_ERRORS = (
    ("NRMSE train", c.NRMSE_TRAIN),
    ("NRMSE validation", c.NRMSE_VAL),
    ("NRMSE test", c.NRMSE_TEST),
    ("R² train", c.RSQ_TRAIN),
    ("DECOMP.RSSD", c.DECOMP_RSSD),
)
LIFT_DISTANCE = "MAPE of lift studies"
_TOTALS = [c.CHANNEL, c.SPEND, c.SPEND_SHARE, c.EFFECT_SHARE, c.ROAS, c.CPA]
_KNOWN = [c.LOW, c.HIGH, c.KNOWN]
_VERDICT = [c.LEVEL, c.CONVERGED, c.VERDICT]
_CURRENT = [c.CHANNEL, c.CURRENT_SPEND, c.CURRENT_RESPONSE, c.CURRENT_MARGINAL]


@dataclass(frozen=True)
class Findings:
    """The model a run stands for, as plain values.

    Attributes
    ----------
    best, rule, engine : str
        Its id, the rule that chose it, and what computed it.
    original : str
        The best model by the rule; another than ``best`` where somebody promoted one.
    promotion : mapping
        ``who, at, why`` of the promotion; empty without one.
    candidates : int
        How many it was chosen from.
    errors : list of (label, value)
        Its errors; one that was not computed (no validation split) is left out.
    fit : str
        What its errors say of the fit, in a sentence; empty where they are not known.
    efficiency : str
        ``ROAS`` or ``CPA``: which of both ``channels`` holds under ``efficiency``.
    channels : list of mapping
        One row a paid channel, largest spend first; ``None`` where a value is undefined, or is
        not stored because the model is neither the best one nor a cluster's winner. ``truth`` is
        the ROAS with which the data were simulated, ``low, high`` the posterior's interval and
        ``known`` how well it knows the channel, where it has converged.
    posterior : mapping
        ``level`` of the intervals, ``converged`` and ``verdict``; empty without a posterior.
    """

    best: str
    rule: str
    engine: str
    original: str
    promotion: dict[str, str]
    candidates: int
    errors: list[tuple[str, float]]
    fit: str
    efficiency: str
    channels: list[dict[str, Any]]
    posterior: dict[str, Any]

    def plain(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return {**self.__dict__, "errors": [list(error) for error in self.errors]}


def read_findings(run: Run) -> Findings:
    """Read the model that a trained run stands for.

    The summary has the best model's errors, so that the large tables (every candidate, every
    coefficient) stay in the archive.
    """
    facts, chosen = run.load_json(TRAINING), chosen_model(run)
    table = _channels(run, chosen.candidate)
    efficiency = c.ROAS if table[c.ROAS].notna().any() else c.CPA
    table = table.rename(columns={efficiency: "efficiency"})
    table["truth"] = table[c.CHANNEL].map(_truth(run) if efficiency == c.ROAS else {})
    posterior = _posterior(run)
    trusted = posterior if len(posterior) and posterior[c.CONVERGED].all() else posterior.iloc[:0]
    for key in _KNOWN:
        table[key] = table[c.CHANNEL].map(trusted[key].to_dict())
    errors = _errors(run, chosen, facts["summary"])
    shown = [*_TOTALS[:4], "efficiency", *_CURRENT[1:], "truth", *_KNOWN]
    return Findings(
        best=chosen.candidate,
        rule=facts["rule"],
        engine=facts["engine"],
        original=chosen.original,
        promotion=_promotion(chosen),
        candidates=facts["summary"]["candidates"],
        errors=errors,
        fit=_fit(dict(errors)),
        efficiency=efficiency.upper(),
        channels=[
            {str(key): cell(value) for key, value in row.items()}
            for row in table[shown].to_dict(orient="records")
        ],
        posterior={key: cell(posterior[key].iloc[0]) for key in _VERDICT} if len(posterior) else {},
    )


def picture_of(run: Run, candidate: str) -> str:
    """Return a model's one-pager as something an ``<img>`` shows; empty when there is none.

    A store that people reach by the web gives a link; a folder's picture travels in the page.
    """
    return picture(run, f"{candidate}.png")


def picture(run: Run, name: str) -> str:
    """Return an archived PNG as something an ``<img>`` shows; empty when there is none."""
    if not run.has(name):
        return ""
    url = run.url(name)
    if url.startswith("https://"):
        return url
    return "data:image/png;base64," + base64.b64encode(run.load(name)).decode()


def _channels(run: Run, candidate: str) -> pd.DataFrame:
    """Totals of the paid channels, with where they stand today as far as that is stored."""
    totals = run.load_table("decomposition")
    totals = totals[(totals[c.CANDIDATE] == candidate) & (totals[c.ROLE] == "paid")]
    today = load_in_full(run, "channels")
    today = today.loc[today[c.CANDIDATE] == candidate, _CURRENT]
    table = totals.rename(columns={c.VARIABLE: c.CHANNEL})[_TOTALS].merge(
        today, on=c.CHANNEL, how="left"
    )
    return table.sort_values(c.SPEND, ascending=False, ignore_index=True)


def _posterior(run: Run) -> pd.DataFrame:
    """What the posterior says of the paid channels, by channel; empty without one."""
    keys = [*_KNOWN, *_VERDICT]
    if not run.has("posterior.parquet"):
        return pd.DataFrame(columns=keys)
    table = run.load_table("posterior")
    return table[table[c.ROLE] == "paid"].set_index(c.CHANNEL)[keys]


def _errors(run: Run, chosen: Chosen, summary: dict[str, Any]) -> list[tuple[str, float]]:
    calibrated = bool(run.job.calibration)
    if chosen.promotion or calibrated:  # the summary has no distance from the studies
        keys = [c.CANDIDATE, *(key for _, key in _ERRORS), *[c.MAPE] * calibrated]
        table = read_columns(run, "candidates", keys)
        row = table[table[c.CANDIDATE] == chosen.candidate].iloc[0]
        summary = {str(key): row[key] for key in row.index}
    shown = (*_ERRORS, *[(LIFT_DISTANCE, c.MAPE)] * calibrated)
    found = [(name, summary.get(key)) for name, key in shown]
    return [
        (name, known)
        for name, value in found
        if value is not None and (known := number(value)) is not None
    ]


def _fit(errors: dict[str, float]) -> str:
    if "NRMSE train" not in errors:
        return ""
    explained = errors.get("R² train", math.nan)
    return fit_said({c.NRMSE_TRAIN: errors["NRMSE train"], c.RSQ_TRAIN: explained})


def _promotion(chosen: Chosen) -> dict[str, str]:
    if not chosen.promotion:
        return {}
    made = chosen.promotion
    return {"who": made.who, "at": f"{made.at:%Y-%m-%d %H:%M}", "why": made.text}


def _truth(run: Run) -> dict[str, float]:
    """True ROAS by channel; empty where the data are not simulated."""
    if not run.has(TRUTH):
        return {}
    table = from_sheet(run.load(TRUTH))
    return dict(zip(table[c.CHANNEL], table[c.TRUE_ROAS], strict=True))
