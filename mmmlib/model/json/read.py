"""Robyn's JSON as an exported model, checked: everything that is wrong is said at once."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, get_args

import pandas as pd

from mmmlib.ground import DataError, Problem, columns as c
from mmmlib.job import HYPERPARAMETERS, Adstock, Range, Study
from mmmlib.model.json.model import ERRORS, PENALTY, SUMMARY, ExportedModel, Search, Variable
from mmmlib.model.json.write import ROBYN_ERRORS, SCHEMA

_COMPONENTS = {"trend", "season", "weekday", "monthly", "holiday"}
_SIGNS = {"positive", "negative", "default"}
_OPTIONAL_ERRORS = {c.RSQ_VAL, c.RSQ_TEST, c.NRMSE_VAL, c.NRMSE_TEST, c.RSQ_TRAIN, c.MAPE}


def read_model(data: bytes, name: str = "the model") -> ExportedModel:
    """Read a model that Robyn's ``robyn_write`` or we have exported.

    Parameters
    ----------
    data : bytes
    name : str
        The file, for messages.

    Raises
    ------
    DataError
        It is no JSON of a model, or holds NaN or infinity; every problem with its path.
    """
    try:
        document = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DataError([Problem(name, f"is not JSON of a model: {error}")]) from None
    if not isinstance(document, dict):
        raise DataError([Problem(name, "is not JSON of a model: it is no object")])
    reader = _Reader(document, name)
    model = reader.model()
    if reader.problems or model is None:
        raise DataError(reader.problems)
    return model


def _refuse_constant(text: str) -> float:
    raise ValueError(f"it holds {text}, which no fit can start from; export the model again")


class _Reader:
    """Takes a document apart; notes each problem and goes on."""

    def __init__(self, document: Mapping[str, Any], name: str) -> None:
        self.document, self.name = document, name
        self.problems: list[Problem] = []
        self.inputs = self._part("InputCollect")
        self.exported = self._part("ExportedModel")
        self.extras = document.get("Extras") or {}
        self.collect = {**(document.get("ModelsCollect") or {}), **self.exported}

    def model(self) -> ExportedModel | None:
        """The model; ``None`` where a whole part is missing."""
        if self.problems:
            return None
        own = self.extras.get(SCHEMA) or {}
        variables = self._variables()
        adstock: Adstock = self._one_of("adstock", get_args(Adstock), "geometric")
        first = self._number("rollingWindowStartWhich", self.inputs, 1)
        last = self._number("rollingWindowEndWhich", self.inputs, 2)
        values = self._values(variables, adstock)
        return ExportedModel(
            candidate=self._text("select_model", self.exported),
            date=self._text("date_var", self.inputs),
            target=self._text("dep_var", self.inputs),
            target_type=self._one_of("dep_var_type", ("revenue", "conversion"), "revenue"),
            interval_days=int(self._number("dayInterval", self.inputs, 7)),
            country=_first(self.inputs.get("prophet_country"), ""),
            variables=variables,
            window=(self._day("window_start"), self._day("window_end")),
            first=int(first) - 1,
            rows=int(last - first) + 1,
            total_rows=int(self._number("totalObservations", self.inputs, 1)),
            adstock=adstock,
            values=values,
            asked=self._bounds("hyperparameters", self.inputs),
            ranges=self._bounds("hyper_updated", self.exported),
            errors=self._errors(),
            summary=self._summary(variables),
            search=self._search(own),
            calibration=self._calibration(variables),
            spend_total=self._number("paid_media_total", self.inputs, 1),
            target_total=float(own.get("target_total", math.nan)),
            raw_data=self._raw_data(),
            version=str(_first(self.inputs.get("version"), "")),
        )

    def _part(self, key: str) -> dict[str, Any]:
        part = self.document.get(key)
        if not isinstance(part, dict) or not part:
            self._note(key, "is missing; export one model (robyn_write with select_model)")
            return {}
        return part

    def _note(self, where: str, message: str) -> None:
        self.problems.append(Problem(f"{self.name}: {where}", message))

    def _finite(self, value: Any, where: str, fallback: float = 1.0) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        self._note(where, f"is {value!r}, not a finite number; export the model again")
        return fallback

    def _number(self, key: str, part: Mapping[str, Any], fallback: float) -> float:
        return self._finite(_first(part.get(key)), key, fallback)

    def _text(self, key: str, part: Mapping[str, Any]) -> str:
        value = _first(part.get(key))
        if not isinstance(value, str) or not value:
            self._note(key, "is missing; it must be a text")
            return ""
        return value

    def _one_of(self, key: str, allowed: tuple[str, ...], fallback: str) -> Any:
        value = self._text(key, self.inputs)
        if value and value not in allowed:
            self._note(key, f"is {value!r}; it must be one of {', '.join(allowed)}")
        return value if value in allowed else fallback

    def _day(self, key: str) -> dt.date:
        try:
            return dt.date.fromisoformat(str(_first(self.inputs.get(key))))
        except ValueError:
            self._note(key, f"is {_first(self.inputs.get(key))!r}, not a date such as 2020-01-06")
            return dt.date(1970, 1, 1)

    def _list(self, key: str) -> list[str]:
        found = self.inputs.get(key) or []
        found = found if isinstance(found, list) else [found]
        if not all(isinstance(item, str) for item in found):
            self._note(key, "must be a list of names")
            return []
        return found

    def _variables(self) -> tuple[Variable, ...]:
        prophet, context = self._list("prophet_vars"), self._list("context_vars")
        paid, spends = self._list("paid_media_vars"), self._list("paid_media_spends")
        organic, factors = self._list("organic_vars"), self._list("factor_vars")
        selected = self._list("paid_media_selected") or paid
        if unknown := sorted(set(prophet) - _COMPONENTS):
            self._note("prophet_vars", f"{', '.join(unknown)} is no component we know")
        if not paid or len({len(paid), len(spends), len(selected)}) > 1:
            self._note("paid_media_vars", "must be as many names as paid_media_spends, at least 1")
            return ()
        return (
            *(Variable(name, "prophet") for name in prophet),
            *(
                Variable(name, "context", sign, name, factor=name in factors)
                for name, sign in self._signed("context", context)
            ),
            *(
                Variable(name, "paid", sign, name, spend)
                for (name, sign), spend in zip(
                    self._signed("paid_media", selected), spends, strict=True
                )
            ),
            *(
                Variable(name, "organic", sign, name)
                for name, sign in self._signed("organic", organic)
            ),
        )

    def _signed(self, group: str, names: list[str]) -> list[tuple[str, str]]:
        signs = self._list(f"{group}_signs")
        if names and (len(signs) != len(names) or not set(signs) <= _SIGNS):
            self._note(f"{group}_signs", "must be positive, negative or default, one a variable")
            signs = ["default"] * len(names)
        return list(zip(names, signs, strict=True)) if names else []

    def _values(self, variables: tuple[Variable, ...], adstock: Adstock) -> dict[str, float]:
        given = self.exported.get("hyper_values") or {}
        media = [v.name for v in variables if v.role in ("paid", "organic")]
        needed = [f"{name}_{each}" for name in media for each in HYPERPARAMETERS[adstock]]
        if _first(self.collect.get("add_penalty_factor"), False):
            needed += [v.name + PENALTY for v in variables]
        found = {c.TRAIN_SIZE: 1.0}
        for name in (*needed, c.LAMBDA, c.TRAIN_SIZE):
            if name in given or name != c.TRAIN_SIZE:
                found[name] = self._finite(_first(given.get(name)), f"hyper_values.{name}")
        return found

    def _bounds(self, key: str, part: Mapping[str, Any]) -> dict[str, Range]:
        found: dict[str, Range] = {}
        for name, value in (part.get(key) or {}).items():
            ends = value if isinstance(value, list) else [value]
            if len(ends) not in (1, 2):
                self._note(f"{key}.{name}", "must be one or two numbers")
                continue
            low, high = (self._finite(end, f"{key}.{name}") for end in (ends[0], ends[-1]))
            found[name] = (low, high)
        return found

    def _errors(self) -> dict[str, float]:
        rows = self.exported.get("errors")
        given = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
        found = {}
        for name in ERRORS:
            value = given.get(ROBYN_ERRORS.get(name, name))
            if value in (None, "NA") and name in _OPTIONAL_ERRORS:
                found[name] = math.nan
            else:
                found[name] = self._finite(value, f"errors.{ROBYN_ERRORS.get(name, name)}")
        return found

    def _summary(self, variables: tuple[Variable, ...]) -> pd.DataFrame:
        wanted = [c.INTERCEPT, *(v.name for v in variables)]
        rows = self.exported.get("summary") or []
        found = {row.get("variable"): row for row in rows if isinstance(row, dict)}
        if missing := [n for n in wanted if n not in found and n != c.INTERCEPT]:
            self._note("summary", f"has no row of {', '.join(missing)}")
            return pd.DataFrame(columns=list(SUMMARY))
        zeros = {"coef": 0, "decompPer": 0, "decompAgg": 0}  # a fit without an intercept
        keys = dict(zip(SUMMARY[1:], zeros, strict=True))
        table = [
            {c.VARIABLE: name}
            | {
                ours: self._finite(found.get(name, zeros).get(theirs), f"summary.{name}.{theirs}")
                for ours, theirs in keys.items()
            }
            for name in wanted
        ]
        summary = pd.DataFrame(table, columns=list(SUMMARY))
        for name in ("mean_spend", "performance", "boot_mean", "ci_low", "ci_up"):
            values = [found.get(row, {}).get(name) for row in wanted]
            summary[name] = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce")
        # Robyn's own mean_spend is that of all rows, ours that of the window
        rows = self._number("rollingWindowLength", self.inputs, 1)
        spend = summary["mean_spend"] * (rows if SCHEMA in self.extras else math.nan)
        return summary.assign(**{c.SPEND: spend})

    def _search(self, own: Mapping[str, Any]) -> Search:
        def take(key: str, kind: Callable[[Any], Any], fallback: Any) -> Any:
            value = _first(self.collect.get(key))
            return fallback if value is None else kind(value)

        default, options = Search(), dict(self.inputs.get("custom_params") or {})
        return Search(
            take("ts_validation", bool, False),
            take("intercept", bool, True),
            take("intercept_sign", str, default.intercept_sign),
            take("add_penalty_factor", bool, False),
            take("nevergrad_algo", str, default.optimizer),
            take("seed", int, default.seed),
            take("iterations", int, default.iterations),
            take("trials", int, default.trials),
            take("cores", int, default.workers),
            bool(own.get("rssd_zero_penalty", True)),
            str(own.get("refresh_of", "")),
            # R's dots; the number of draws for prophet's intervals changes no model
            {
                key.replace(".", "_"): _first(value)
                for key, value in options.items()
                if key != "uncertainty.samples"
            },
            {"collect": self.document.get("ModelsCollect") or {}, "own": self.exported},
        )

    def _calibration(self, variables: tuple[Variable, ...]) -> tuple[Study, ...]:
        """Lift studies; Robyn names columns of spend, the design may have exposures."""
        names = {v.spend: v.name for v in variables if v.spend}
        rows = self.inputs.get("calibration_input") or []
        studies = []
        for i, row in enumerate(rows):
            try:
                channels = [
                    part.strip() for part in str(row["channel"]).replace(",", "+").split("+")
                ]
                studies.append(
                    Study(
                        channels=tuple(names.get(name, name) for name in channels if name),
                        start=row["liftStartDate"],
                        end=row["liftEndDate"],
                        lift=row["liftAbs"],
                        spend=row.get("spend", 0.0),
                        confidence=row.get("confidence", 0.9),
                        scope=row.get("calibration_scope", "immediate"),
                    )
                )
            except (KeyError, TypeError, ValueError) as error:
                self._note(f"calibration_input[{i}]", f"is no lift study: {error}")
        return tuple(studies)

    def _raw_data(self) -> pd.DataFrame | None:
        rows = self.extras.get("raw_data")
        return pd.DataFrame(rows) if rows else None


def _first(value: Any, fallback: Any = None) -> Any:
    """The value that jsonlite wrote as a list of one."""
    if isinstance(value, list):
        return value[0] if value else fallback
    return fallback if value is None or value == {} else value
