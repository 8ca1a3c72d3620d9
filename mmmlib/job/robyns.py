"""Words of Robyn that are no keys of a job: what to write instead, or why it is left out."""

from __future__ import annotations

_COLUMNS = "columns are named in channels, organic and context, one mapping each"
_WIDER = (
    "Robyn's second plan is one more question here: `mmm allocate RUN -p low 0 -p high 2.5`, or "
    "another scenario of the dashboard's Plan"
)
_SCORE = (
    "the error score weighs its errors alike, as is Robyn's default and the best model's rule; "
    "weigh the search by objective_weights, or promote another model of the front"
)
_PLANNER = "every plan is solved to its global optimum, with a certificate"

SAID = {
    "dep_var": "write target",
    "dep_var_type": "write target_type",
    "date_var": "write date",
    "dt_input": "write file, or table",
    "dt_holidays": "write holidays: a CSV file with ds and holiday",
    "prophet_vars": "write prophet",
    "prophet_signs": "components of prophet have Robyn's default sign in every engine",
    "prophet_country": "write holidays, or country",
    "paid_media_spends": _COLUMNS,
    "paid_media_vars": _COLUMNS,
    "paid_media_signs": _COLUMNS,
    "organic_vars": _COLUMNS,
    "organic_signs": _COLUMNS,
    "context_vars": _COLUMNS,
    "context_signs": _COLUMNS,
    "factor_vars": "write factor: true beside the name in context",
    "window_start": "write window: [first, last]",
    "window_end": "write window: [first, last]",
    "hyperparameters": "write ranges beside the name in channels and organic",
    "calibration_input": "write calibration, a list of studies",
    "add_penalty_factor": "write penalty_factors",
    "nevergrad_algo": "write optimizer",
    "cores": "every usable core is used; MMM_CORES limits them",
    "balance": _SCORE,
    "weights": _SCORE,
    "clusters": "winners of clusters are always found where there are enough candidates",
    "cluster_by": (
        "clusters are those of Robyn's default, by hyperparameters; by performance, models that "
        "return alike fall into one cluster, and its winner hides how differently they spend"
    ),
    "k": "the number of clusters follows Robyn's rule",
    "robyn_calibrate": (
        "a saturation fitted to reach and frequency is no key: fit it in Robyn, and write what it "
        "finds as the channel's ranges of alphas and gammas"
    ),
    "channel_constr_low": "write allocator.low",
    "channel_constr_up": "write allocator.high",
    "channel_constr_multiplier": _WIDER,
    "target_value": "write allocator.target",
    "date_range": "write allocator.last, or allocator.start and allocator.end",
    "constr_mode": (
        "a budget is spent whole, as with Robyn's eq; where less is to be spent (ineq), lock the "
        "channels that have enough or plan with a smaller total_budget: where no response falls "
        "with spend, the most response spends all of it"
    ),
    "optim_algo": _PLANNER,
    "maxeval": _PLANNER,
    "keep_zero_coefs": (
        "a channel without an effect stays at its lower bound; {low: 0, high: 0} takes it out, "
        "which is Robyn's default"
    ),
    "growth": "the trend is linear in pieces, as in Robyn",
    "mcmc_samples": "prophet's components enter as their best estimate, as in Robyn",
    "interval_width": "prophet's intervals are not used, in Robyn neither",
    "uncertainty_samples": "prophet's intervals are not used, in Robyn neither",
    "daily_seasonality": "there are no hourly models",
    "changepoints": "write n_changepoints; dates of changepoints cannot be given",
}


def said_of(name: str) -> str:
    """What to do about a word of Robyn or of its prophet; empty where it is none."""
    return SAID.get(name.replace(".", "_"), "")
