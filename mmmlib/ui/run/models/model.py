"""Every candidate of a run as a point, and one candidate's card. No widgets."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd

from mmmlib.archive import Run, chosen_model
from mmmlib.ground import RunError, columns as c
from mmmlib.model import file_name
from mmmlib.ui.plain import number, numbers
from mmmlib.ui.run.spread import read_columns

ERRORS = (
    ("NRMSE train", c.NRMSE_TRAIN),
    ("NRMSE validation", c.NRMSE_VAL),
    ("NRMSE test", c.NRMSE_TEST),
    ("R² train", c.RSQ_TRAIN),
    ("R² validation", c.RSQ_VAL),
    ("R² test", c.RSQ_TEST),
    ("DECOMP.RSSD", c.DECOMP_RSSD),
    ("MAPE", c.MAPE),
    ("Error score", c.ERROR_SCORE),
    ("Lambda", c.LAMBDA),
)
_CLOUD = [
    c.CANDIDATE,
    c.NRMSE,
    c.DECOMP_RSSD,
    c.PARETO_FRONT,
    c.CLUSTER,
    c.ERROR_SCORE,
    c.NRMSE_VAL,
]
_HYPERPARAMETERS = ("_alphas", "_gammas", "_thetas", "_shapes", "_scales", "_penalty")
FRONT_ROWS = 200  # of the table beside the cloud


class ModelsModel:
    """The candidates of one run."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def cloud(self) -> dict[str, Any]:
        """Return the points, as flat lists of equal length, and what stands out among them.

        Keys: ``names, x`` (NRMSE), ``y`` (DECOMP.RSSD), ``front`` (1 on a kept front), ``group``
        (cluster, 0: none), ``winners``, ``best`` (as shown), ``original``, ``x_label``, ``note``
        (why there are no clusters), ``rows``: the best of the kept fronts as a table.
        """
        table = read_columns(self.run, "candidates", _CLOUD)
        kept = set(read_columns(self.run, "decomposition", [c.CANDIDATE])[c.CANDIDATE])
        front = table[c.CANDIDATE].isin(kept)
        group = table[c.CLUSTER] if c.CLUSTER in table else pd.Series(0, table.index)
        clusters = self._clusters()
        chosen = chosen_model(self.run)
        validated = c.NRMSE_VAL in table and bool(table[c.NRMSE_VAL].notna().any())
        fronts = table[front].nsmallest(FRONT_ROWS, c.ERROR_SCORE)
        rows = [
            {
                "id": row[c.CANDIDATE],
                "nrmse": number(row[c.NRMSE]),
                "rssd": number(row[c.DECOMP_RSSD]),
                "score": number(row[c.ERROR_SCORE]),
                "front": int(row[c.PARETO_FRONT]),
                "cluster": int(row.get(c.CLUSTER, 0)),
            }
            for row in fronts.to_dict(orient="records")
        ]
        return {
            "names": table[c.CANDIDATE].tolist(),
            "x": numbers(table[c.NRMSE], 5),
            "y": numbers(table[c.DECOMP_RSSD], 5),
            "front": front.astype(int).tolist(),
            "group": group.fillna(0).astype(int).tolist(),
            "winners": [row["candidate"] for row in clusters["rows"]],
            "clusters": clusters["rows"],
            "note": clusters["note"],
            "best": chosen.candidate,
            "original": chosen.original,
            "x_label": "NRMSE, validation" if validated else "NRMSE, train",
            "rows": rows,
        }

    def card(self, candidate: str) -> dict[str, Any]:
        """Return all that is stored of one candidate.

        Raises
        ------
        RunError
            There is no such candidate.
        """
        found = self._rows("candidates", candidate)
        if found.empty:
            raise RunError(f"run {self.run} has no candidate {candidate}")
        row = found.iloc[0]
        paid = self._rows("decomposition", candidate)
        clusters = {item["candidate"]: item["cluster"] for item in self._clusters()["rows"]}
        artifacts = self.run.artifacts()
        searched = [name for name in found.columns if name.endswith(_HYPERPARAMETERS)]
        return {
            "id": candidate,
            "trial": int(row[c.TRIAL]),
            "iteration": int(row[c.ITERATION]) if c.ITERATION in row else None,
            "front": int(row[c.PARETO_FRONT]),
            "kept": not paid.empty,
            "cluster": int(row.get(c.CLUSTER, 0)),
            "winner_of": clusters.get(candidate, 0),
            "errors": [
                [label, number(row[key])]
                for label, key in ERRORS
                if key in row
                and number(row[key]) is not None
                and not (key == c.MAPE and not row[key])
            ],
            "hyperparameters": [[name, number(row[name])] for name in searched],
            "variables": [_variable(item) for item in paid.to_dict(orient="records")],
            "picture": f"{candidate}.png" if f"{candidate}.png" in artifacts else "",
            "json": file_name(candidate) if file_name(candidate) in artifacts else "",
        }

    def _rows(self, table: str, candidate: str) -> pd.DataFrame:
        """Rows of one candidate; the others never become objects of this process."""
        return pd.read_parquet(
            io.BytesIO(self.run.load(f"{table}.parquet")),
            filters=[(c.CANDIDATE, "==", candidate)],
        )

    def _clusters(self) -> dict[str, Any]:
        if not self.run.has("clusters.parquet"):
            return {"rows": [], "note": "this run is older than clusters"}
        table = self.run.load_table("clusters")
        good = table[table[c.CLUSTER] > 0]
        rows = [
            {"cluster": int(cluster), "candidate": candidate, "size": int(size)}
            for cluster, candidate, size in zip(
                good[c.CLUSTER], good[c.CANDIDATE], good[c.SIZE], strict=True
            )
        ]
        return {"rows": rows, "note": "" if rows else " ".join(map(str, table[c.NOTE]))}


def _variable(row: dict[Any, Any]) -> dict[str, Any]:
    wanted = (c.COEFFICIENT, c.CONTRIBUTION_SHARE, c.SPEND_SHARE, c.EFFECT_SHARE, c.ROAS, c.CPA)
    return {
        "name": row[c.VARIABLE],
        "role": row[c.ROLE],
        **{key: number(row[key]) if key in row else None for key in wanted},
    }
