"""Fits one model of a run anew as its hyperparameters are dragged. Knows no widget.

Importing this loads the compiler (about a second), so it is imported on use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmmlib.archive import Run, chosen_model
from mmmlib.engines import native
from mmmlib.ground import columns as c, period_name
from mmmlib.model import FloatArray, adstock
from mmmlib.run import compile_apart, continued, fitted_model, values_of
from mmmlib.ui.live.sliders import checked, fixed_job, lambda_slider, sliders_of
from mmmlib.ui.plain import plain, plains

LAGS = 40
CURVE_POINTS = 49
SAME = 1e-4  # relative; what the archive says and what is computed here
_SHOWN = (
    ("NRMSE train", c.NRMSE_TRAIN),
    ("NRMSE validation", c.NRMSE_VAL),
    ("NRMSE test", c.NRMSE_TEST),
    ("R² train", c.RSQ_TRAIN),
    ("R² test", c.RSQ_TEST),
    ("DECOMP.RSSD", c.DECOMP_RSSD),
)
_HELD_OUT = (c.NRMSE_VAL, c.NRMSE_TEST, c.RSQ_TEST)  # only under a validation split


class LiveModel:
    """One model ready to be fitted again; loading it takes a second or two.

    Parameters
    ----------
    run : Run
    candidate : str
        Where the sliders start; the model the run stands for when empty.
    """

    def __init__(self, run: Run, candidate: str = "") -> None:
        self.run = run
        self.candidate = candidate or chosen_model(run).candidate
        compile_apart(run)
        self.model, self._gone = continued(run, fitted_model(run))
        candidates = run.load_table("candidates")
        self.start = values_of(run, self.model, candidates, self.candidate)
        row = candidates[candidates[c.CANDIDATE] == self.candidate].iloc[0]
        self._archived = {key: float(row[key]) for key in (c.NRMSE_TRAIN, c.DECOMP_RSSD)}
        self.model.compile()

    def facts(self) -> dict[str, Any]:
        """What does not change with the sliders."""
        data, job = self.model.data, self.model.job
        narrowed = self.model.continuation.bounds if self.model.continuation else {}
        values = dict(zip(self.model.space.names, self.start.tolist(), strict=True))
        dates = data.dates[data.window]
        return {
            "run": str(self.run),
            "model": self.candidate,
            "conversion": job.target_type == "conversion",
            "target": job.target,
            "adstock": job.adstock,
            "period": period_name(dates),
            "media": sliders_of(job, values, narrowed),
            "penalty": lambda_slider(job, values, narrowed),
            "dates": [f"{date:.10}" for date in dates.astype(str)],
            "actual": plains(data.target[data.window], 5),
            "chosen": self.fit({}),
            "refreshes": job.refresh_of if self.model.continuation else "",
            "notes": self._notes(),
        }

    def fit(self, moved: Mapping[str, Any]) -> dict[str, Any]:
        """Fit the model with some hyperparameters moved.

        Returns
        -------
        dict
            ``fitted`` says whether there is a fit. ``errors`` (name and value), ``rows`` (one a
            variable: share of the target, ROAS or CPA), ``line`` (the fitted target), ``media``
            (pictures of adstock and response by medium).

        Raises
        ------
        JobError
            A value is outside its limits.
        """
        model, values = self.model, self._values(moved)
        fits = model.evaluate(values[None])
        if fits.passes[0] < 0:
            return {"fitted": False}
        coefficients, media = fits.coefficients[0], model.transform(values)
        table = native.totals(model, self.candidate, values, coefficients)
        line = coefficients[0] + native.design_matrix(model, media) @ coefficients[1:]
        efficiency = c.ROAS if model.job.target_type == "revenue" else c.CPA
        return {
            "fitted": True,
            "errors": self._errors(fits.errors[0], float(fits.mape[0])),
            "rows": [
                {
                    "variable": name,
                    "role": role,
                    "share": plain(share, 6),
                    "efficiency": plain(of_spend, 6),
                }
                for name, role, share, of_spend in zip(
                    table[c.VARIABLE],
                    table[c.ROLE],
                    table[c.CONTRIBUTION_SHARE],
                    table[efficiency],
                    strict=True,
                )
            ],
            "line": plains(line, 5),
            "media": self._pictures(values, media, coefficients[-len(model.job.media) :]),
        }

    def job_text(self, moved: Mapping[str, Any], everything: bool) -> str:
        """The run's job as YAML with what was moved fixed, or every medium as it stands."""
        values = checked(moved, self.model.space.names)
        if everything:
            stands = dict(zip(self.model.space.names, self._values(moved).tolist(), strict=True))
            values |= {key: stands[key] for key in self.model.job.ranges()}
        return fixed_job(self.run.job, values).to_yaml()

    def _values(self, moved: Mapping[str, Any]) -> FloatArray:
        names, values = self.model.space.names, self.start.copy()
        for key, value in checked(moved, names).items():
            values[names.index(key)] = value
        return values

    def _errors(self, errors: FloatArray, mape: float) -> list[dict[str, Any]]:
        """Those that this job computes, in one order; ``None`` where one is not finite."""
        by_name = dict(zip(native.ERROR_COLUMNS, errors.tolist(), strict=True))
        held_out = self.model.job.ts_validation
        found: list[dict[str, Any]] = [
            {"name": self._named(title, key), "value": plain(by_name[key], 7)}
            for title, key in _SHOWN
            if held_out or key not in _HELD_OUT
        ]
        if self.model.job.calibration:
            found.append({"name": "MAPE of lift studies", "value": plain(mape, 7)})
        return found

    def _named(self, title: str, key: str) -> str:
        """The second error is another measure where a refresh continues a model."""
        refreshed = key == c.DECOMP_RSSD and self.model.continuation
        return f"{title} of the refresh" if refreshed else title

    def _pictures(
        self, values: FloatArray, media: native.Transformed, coefficients: FloatArray
    ) -> dict[str, dict[str, Any]]:
        """Of each medium: the weights of its lags, and its response to one period's exposure.

        The curve is ``coefficient * Hill(x + mean carryover)``, as everywhere in the results.
        """
        model, data, names = self.model, self.model.data, self.model.space.names
        found = {}
        for i, medium in enumerate(model.job.media):
            exposure = data.media[i][data.window]
            paid = i < len(model.job.channels)
            spend = data.spends[data.window, i] if paid else exposure
            grid = np.linspace(0, max(float(spend.max()), 1e-12), CURVE_POINTS)
            carried = float(media.carryover[:, i].mean())
            alpha, inflexion = media.alphas[[i]], media.inflexions[[i]]
            curve = coefficients[i] * native.saturation(grid + carried, alpha, inflexion)
            mean = np.array([spend.mean()])
            today = coefficients[i] * native.saturation(mean + carried, alpha, inflexion)
            if model.job.adstock == "geometric":
                theta = values[names.index(f"{medium.name}_thetas")]
                weights = adstock.geometric(np.eye(1, LAGS)[0], theta)
                later = float(theta)
            else:
                scale, shape = (
                    float(values[names.index(f"{medium.name}_{name}")])
                    for name in ("scales", "shapes")
                )
                density = model.job.adstock == "weibull_pdf"
                all_lags = adstock.weibull(len(data.dates), scale, shape, density)
                weights = np.zeros(LAGS)
                weights[: len(all_lags)] = all_lags[:LAGS]
                later = 1 - float(all_lags[0] / all_lags.sum())
            found[medium.name] = {
                "weights": plains(weights, 4),
                "later": plain(later, 4),
                "spend": plains(grid, 5),
                "response": plains(curve, 5),
                "today": plains([mean[0], today[0]], 5),
            }
        return found

    def _notes(self) -> list[str]:
        """Where what is computed here is not what the archive says."""
        fits = self.model.evaluate(self.start[None])
        here = dict(zip(native.ERROR_COLUMNS, fits.errors[0].tolist(), strict=True))
        compared = {"NRMSE": c.NRMSE_TRAIN, "DECOMP.RSSD": c.DECOMP_RSSD}
        notes = []
        if self._gone:
            del compared["DECOMP.RSSD"]
            notes.append(
                "The DECOMP.RSSD of this run is the distance from the model it refreshed, which"
                f" cannot be read ({self._gone}); here it is that of effect from spend."
            )
        for title, key in compared.items():
            there = self._archived[key]
            if not abs(here[key] - there) <= SAME * abs(there):
                notes.append(
                    f"{title} of the chosen model is {here[key]:.4f} here and {there:.4f} in the"
                    f" archive ({self.run.load_json('training.json')['engine']}): compare with"
                    " the figures here, not with those of the run."
                )
        return notes
