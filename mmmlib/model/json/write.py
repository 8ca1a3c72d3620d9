"""An exported model as Robyn's JSON.

Source: Robyn ``R/json.R: robyn_write``. As jsonlite does, a single value is a list of one. The
numbers have all their digits (Robyn's ten). Two departures: ``performance``, ``mean_spend`` and
``mean_response`` are those of the window (Robyn divides the window's response by the spend of all
rows), and raw data are left out unless asked for.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from mmmlib.data import for_robyn
from mmmlib.ground import EngineError, columns as c, period_of
from mmmlib.job import Range, Study
from mmmlib.model.json.model import ExportedModel, Variable

ROBYN_ERRORS = {c.DECOMP_RSSD: "decomp.rssd"}  # ours → Robyn's, where they differ
SCHEMA = "mmm"  # our own element of Extras; Robyn passes over it
TIME = "%Y-%m-%d %H:%M:%S"


def write_model(
    model: ExportedModel, data: pd.DataFrame | None = None, holidays: pd.DataFrame | None = None
) -> bytes:
    """Write a model in Robyn's format, under the names of its columns.

    Parameters
    ----------
    model : ExportedModel
        Under the names of a job (:func:`mmmlib.model.json.model_of`) or of its columns.
    data : DataFrame, optional
        The dataset to be embedded as ``raw_data``; it holds what the file then gives away.
        Columns whose names R would not take get others, in the whole file.
    holidays : DataFrame, optional
        ``date, holiday`` of the dataset, embedded beside it: Robyn's own table has others.

    Raises
    ------
    EngineError
        A number that a fit depends on is not finite.
    """
    if data is not None:
        model, data = _plainly_named(model, data)
    names = {v.name: v.column for v in model.variables if v.column}
    named = model.by_column()
    extras: dict[str, Any] = {
        SCHEMA: {
            "names": {column: name for name, column in names.items()},
            **_present({"target_total": model.target_total}),
            "rssd_zero_penalty": model.search.rssd_zero_penalty,
            "refresh_of": model.search.refresh_of,
        }
    }
    if data is not None:
        extras["raw_data"] = _records(data)
        if holidays is not None and len(holidays):
            extras[SCHEMA]["holidays"] = _records(for_robyn(holidays, model.country))
    document = {
        "InputCollect": _inputs(named),
        "ModelsCollect": _search(named),
        "ExportedModel": _exported(named),
        "Extras": extras,
    }
    try:
        return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except ValueError as error:
        raise EngineError(
            f"candidate {model.candidate} cannot be exported: a number of it is not finite"
        ) from error


def _inputs(model: ExportedModel) -> dict[str, Any]:
    prophet, context = model.of_role("prophet"), model.of_role("context")
    paid, organic = model.of_role("paid"), model.of_role("organic")
    start, end = (day.isoformat() for day in model.window)
    return {
        "date_var": [model.date],
        "dayInterval": [model.interval_days],
        "intervalType": [period_of(model.interval_days) or "month"],
        "dep_var": [model.target],
        "dep_var_type": [model.target_type],
        "prophet_vars": _names(prophet),
        "prophet_signs": ["default"] * len(prophet),
        "prophet_country": [model.country],
        "context_vars": _names(context),
        "context_signs": [v.sign for v in context],
        "paid_media_vars": _names(paid),
        "paid_media_signs": [v.sign for v in paid],
        "paid_media_spends": [v.spend for v in paid],
        "paid_media_selected": _names(paid),
        "paid_media_total": [model.spend_total],
        "exposure_vars": [v.name for v in paid if v.name != v.spend],
        "organic_vars": _names(organic),
        "organic_signs": [v.sign for v in organic],
        "all_media": _names(paid + organic),
        "all_ind_vars": _names(model.variables),
        "factor_vars": [v.name for v in context if v.factor],
        "unused_vars": [],
        "window_start": [start],
        "rollingWindowStartWhich": [model.first + 1],
        "window_end": [end],
        "rollingWindowEndWhich": [model.first + model.rows],
        "rollingWindowLength": [model.rows],
        "totalObservations": [model.total_rows],
        "refreshAddedStart": [start],
        "adstock": [model.adstock],
        "hyperparameters": _bounds(model.asked),
        "calibration_input": [_study(study, paid, model.target) for study in model.calibration]
        or {},
        "custom_params": _dotted(model.search.prophet_options) or [],
        "version": [model.version],
    }


def _search(model: ExportedModel) -> dict[str, Any]:
    search, facts = model.search, model.search.facts
    minutes = f"{facts.get('seconds', 0.0) / 60:.2f} min"
    now = dt.datetime.now(dt.UTC).strftime(TIME)
    made = {
        "ts_validation": [search.ts_validation],
        "train_timestamp": [facts.get("trained", now)],
        "export_timestamp": [now],
        "run_time": [minutes],
        "outputs_time": ["0 min"],
        "total_time": [minutes],
        "total_iters": [facts.get("candidates", search.iterations * search.trials)],
        "conv_msg": list(facts.get("convergence", [])),
        "n_clusters": [facts.get("clusters", 0)],
        "calibration_constraint": [facts.get("calibration_constraint", 0.1)],
        "cores": [search.workers],
        "iterations": [search.iterations],
        "trials": [search.trials],
        "intercept": [search.intercept],
        "intercept_sign": [search.intercept_sign],
        "nevergrad_algo": [search.optimizer],
        "add_penalty_factor": [search.penalty_factors],
        "seed": [search.seed],
        "pareto_fronts": [facts.get("pareto_fronts", 0)],
        "hyper_fixed": [False],
        "plot_folder": ["."],
    }
    read = facts.get("collect", {})  # of a model that comes from a file
    return made | {key: read[key] for key in made if key in read and key != "export_timestamp"}


def _exported(model: ExportedModel) -> dict[str, Any]:
    table = model.summary
    paid = table[table[c.SPEND].notna()]
    spend, response = float(paid[c.SPEND].sum()), float(paid[c.CONTRIBUTION].sum())
    revenue = model.target_type == "revenue"
    performance = {
        "solID": model.candidate,
        "metric": "ROAS" if revenue else "CPA",
        "spend": spend,
        "response": response,
        "performance": _ratio(response, spend) if revenue else _ratio(spend, response),
    }
    errors = {ROBYN_ERRORS.get(name, name): value for name, value in model.errors.items()}
    facts = model.search.facts
    own = {"solID": model.candidate, "cluster": facts.get("cluster"), "n": facts.get("of_cluster")}
    clusters = {"clusters": {"data": [own]}} if facts.get("cluster") else {}
    if "clusters" in facts.get("own", {}):  # of a model that comes from a file
        clusters = {"clusters": facts["own"]["clusters"]}
    return {
        "select_model": [model.candidate],
        "performance": [_present(performance)],
        "summary": [_row(row, model.rows) for row in table.to_dict("records")],
        "errors": [_present(errors)],
        "hyper_values": {name: [value] for name, value in sorted(model.values.items())},
        "hyper_updated": _bounds(model.ranges),
        **clusters,
    }


def _row(row: Mapping[Any, Any], rows: int) -> dict[str, Any]:
    """One variable of the summary; what a variable does not have is left out, as in Robyn."""
    found = {
        "variable": row[c.VARIABLE],
        "coef": row[c.COEFFICIENT],
        "decompPer": row[c.CONTRIBUTION_SHARE],
        "decompAgg": row[c.CONTRIBUTION],
    }
    if row[c.SPEND] == row[c.SPEND]:
        optional = {
            "performance": row["performance"],
            "mean_response": row[c.CONTRIBUTION] / rows,
            "mean_spend": row[c.SPEND] / rows,
            "boot_mean": row["boot_mean"],
            "ci_low": row["ci_low"],
            "ci_up": row["ci_up"],
        }
        found |= _present(optional)
    return found


def _study(study: Study, paid: Iterable[Variable], metric: str) -> dict[str, Any]:
    """A lift study as a row of Robyn's ``calibration_input``, which names columns of spend."""
    spends = {variable.name: variable.spend for variable in paid}
    return {
        "channel": "+".join(spends.get(name, name) for name in study.channels),
        "liftStartDate": study.start.isoformat(),
        "liftEndDate": study.end.isoformat(),
        "liftAbs": study.lift,
        "spend": study.spend,
        "confidence": study.confidence,
        "metric": metric,
        "calibration_scope": study.scope,
    }


def _bounds(ranges: Mapping[str, Range]) -> dict[str, list[float]]:
    """Bounds by hyperparameter; a fixed one has a single value, as in Robyn."""
    return {name: [low] if low == high else [low, high] for name, (low, high) in ranges.items()}


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is no finite number: a ROAS of no spend, an error of no split."""
    return {
        key: value
        for key, value in values.items()
        if not isinstance(value, float) or math.isfinite(value)
    }


def _ratio(one: float, other: float) -> float:
    return one / other if other else math.nan


def _names(variables: Iterable[Variable]) -> list[str]:
    return [variable.name for variable in variables]


def _plainly_named(model: ExportedModel, data: pd.DataFrame) -> tuple[ExportedModel, pd.DataFrame]:
    """The model and its data with columns that R takes: letters, digits, ``_``, ``.``."""
    plain: dict[str, str] = {}
    for column in map(str, data.columns):
        name = re.sub(r"[^A-Za-z0-9._]", "_", column)
        name = name if name[:1].isalpha() else f"x{name}"
        while name in plain.values() or (name != column and name in data):
            name += "_"
        plain[column] = name

    def of(column: str) -> str:
        return plain.get(column, column)

    variables = tuple(
        dataclasses.replace(v, column=of(v.column), spend=of(v.spend)) for v in model.variables
    )
    renamed = dataclasses.replace(
        model, date=of(model.date), target=of(model.target), variables=variables
    )
    return renamed, data.rename(columns=plain)


def _dotted(options: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Prophet's options under the names they have in R."""
    return {name.replace("_", "."): [value] for name, value in options.items()}


def _records(data: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a dataset; dates as Robyn writes them."""
    table = data.copy()
    for name in table.columns[[kind.kind == "M" for kind in table.dtypes]]:
        table[name] = table[name].dt.strftime("%Y-%m-%d")
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
