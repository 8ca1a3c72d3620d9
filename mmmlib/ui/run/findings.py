"""What a training found, read from the archive for one page."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mmmlib import columns as c
from mmmlib.archive import Run
from mmmlib.archived import TRAINING
from mmmlib.result import TABLES, TrainingResult

_ERRORS = (
    ("NRMSE train", c.NRMSE_TRAIN),
    ("NRMSE validation", c.NRMSE_VAL),
    ("NRMSE test", c.NRMSE_TEST),
    ("R² train", c.RSQ_TRAIN),
    ("DECOMP.RSSD", c.DECOMP_RSSD),
)
_READ = ("decomposition", "channels")  # tables of which channel_table() is made


@dataclass(frozen=True)
class Findings:
    """The best model as plain values.

    Attributes
    ----------
    best, rule, engine : str
        Its id, the rule that chose it, and what computed it.
    candidates : int
        How many it was chosen from.
    errors : list of (label, value)
        Its errors; one that was not computed (no validation split) is left out.
    efficiency : str
        ``ROAS`` or ``CPA``: which of both ``channels`` holds under ``efficiency``.
    channels : list of mapping
        One row a paid channel, largest spend first; ``None`` where a value is undefined.
    """

    best: str
    rule: str
    engine: str
    candidates: int
    errors: list[tuple[str, float]]
    efficiency: str
    channels: list[dict[str, Any]]

    def plain(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return {**self.__dict__, "errors": [list(error) for error in self.errors]}


def read_findings(run: Run) -> Findings:
    """Read the best model of a run that has trained.

    The summary has the errors, so that the large tables (every candidate, every coefficient)
    stay in the archive.
    """
    facts = run.load_json(TRAINING)
    summary = facts["summary"]
    table = _channel_table(run, facts)
    efficiency = c.ROAS if table[c.ROAS].notna().any() else c.CPA
    table = table.rename(columns={efficiency: "efficiency"})
    shown = [
        c.CHANNEL,
        c.SPEND,
        c.SPEND_SHARE,
        c.EFFECT_SHARE,
        "efficiency",
        c.CURRENT_SPEND,
        c.CURRENT_RESPONSE,
        c.CURRENT_MARGINAL,
    ]
    return Findings(
        best=facts["best"],
        rule=facts["rule"],
        engine=facts["engine"],
        candidates=summary["candidates"],
        errors=[(name, summary[key]) for name, key in _ERRORS if summary.get(key) is not None],
        efficiency=efficiency.upper(),
        channels=[
            {str(key): _plain(value) for key, value in row.items()}
            for row in table[shown].to_dict(orient="records")
        ],
    )


def one_pager(run: Run, best: str) -> str:
    """Return the best model's page as something an ``<img>`` shows; empty when there is none.

    A store that people reach by the web gives a link; a folder's picture travels in the page.
    """
    name = f"{best}.png"
    if not run.has(name):
        return ""
    url = run.url(name)
    if url.startswith("https://"):
        return url
    return "data:image/png;base64," + base64.b64encode(run.load(name)).decode()


def _channel_table(run: Run, facts: dict[str, Any]) -> pd.DataFrame:
    tables: dict[str, Any] = {
        name: run.load_table(name) if name in _READ else pd.DataFrame() for name in TABLES
    }
    result = TrainingResult(
        **tables,
        best=facts["best"],
        rule=facts["rule"],
        engine=facts["engine"],
        seconds=facts["seconds"],
        optimizer=facts.get("optimizer", ""),
    )
    return result.channel_table()


def _plain(value: Any) -> str | float | None:
    """JSON knows neither NaN nor infinity."""
    if isinstance(value, str):
        return value
    number = float(value)
    return number if abs(number) < float("inf") else None
