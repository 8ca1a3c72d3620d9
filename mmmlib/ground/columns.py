"""Every column name of every table, once.

The tables are those of :class:`mmmlib.model.result.TrainingResult` and of the archive; wide tables
(candidates, model input) add one column a hyperparameter or a variable.
"""

from __future__ import annotations

from typing import Final

# Keys
CANDIDATE: Final = "candidate"  # trial_iteration_worker, Robyn's solID
TRIAL: Final = "trial"
ITERATION: Final = "iteration"
WORKER: Final = "worker"
VARIABLE: Final = "variable"
CHANNEL: Final = "channel"
ROLE: Final = "role"
DATE: Final = "date"
TARGET: Final = "target"

# Candidates
LAMBDA: Final = "lambda"
LAMBDA_HP: Final = "lambda_hp"  # position of lambda between its bounds, 0..1
TRAIN_SIZE: Final = "train_size"
NRMSE: Final = "nrmse"  # the objective: validation error when there is a validation split
NRMSE_TRAIN: Final = "nrmse_train"
NRMSE_VAL: Final = "nrmse_val"
NRMSE_TEST: Final = "nrmse_test"
RSQ_TRAIN: Final = "rsq_train"
RSQ_VAL: Final = "rsq_val"
RSQ_TEST: Final = "rsq_test"
DECOMP_RSSD: Final = "decomp_rssd"
MAPE: Final = "mape"  # distance to the lift studies; 0 without calibration
INTERCEPT: Final = "(Intercept)"
PASSES: Final = "passes"  # passes of the coordinate descent, glmnet's npasses
ERROR_SCORE: Final = "error_score"
PARETO_FRONT: Final = "pareto_front"  # 1 is the best; 0: not on a kept front

CLUSTER: Final = "cluster"  # from 1, by the error score of the winner; 0: in none

# Clusters and their intervals of ROAS or CPA
SIZE: Final = "size"
NOTE: Final = "note"  # why something is not there
EFFICIENCY: Final = "efficiency"  # roas or cpa: which of both the interval is of
MEAN: Final = "mean"
STANDARD_ERROR: Final = "standard_error"
LOW: Final = "low"
HIGH: Final = "high"
COUNT: Final = "n"

# Posterior, one row a medium, and its draws; intervals at the level
CONTRIBUTION_LOW: Final = "contribution_low"
CONTRIBUTION_HIGH: Final = "contribution_high"
PRIOR_LOW: Final = "prior_low"  # interval of the efficiency before the data are seen
PRIOR_HIGH: Final = "prior_high"
LEVEL: Final = "level"  # 0.9: nine in ten such intervals should hold the truth
R_HAT: Final = "r_hat"
ESS: Final = "ess"  # independent draws the chains are worth
KNOWN: Final = "known"  # well known, roughly known, not identified
DRAW: Final = "draw"
ERROR: Final = "error"  # to expect: how far a contribution is missed, a share of the true one
FACTOR: Final = "factor"  # an interval's high over its low

# Convergence, one row an objective and cut (a twentieth of each trial)
OBJECTIVE: Final = "objective"
CUT: Final = "cut"
MEDIAN: Final = "median"
SD: Final = "sd"
MEDIAN_LIMIT: Final = "median_limit"
SD_LIMIT: Final = "sd_limit"
CONVERGED: Final = "converged"
VERDICT: Final = "verdict"

# Coefficients and decomposition
COEFFICIENT: Final = "coefficient"
CONTRIBUTION: Final = "contribution"
CONTRIBUTION_SHARE: Final = "contribution_share"
SPEND: Final = "spend"
SPEND_SHARE: Final = "spend_share"
EFFECT_SHARE: Final = "effect_share"
ROAS: Final = "roas"
CPA: Final = "cpa"
IMMEDIATE: Final = "immediate"
CARRYOVER: Final = "carryover"
ACTUAL: Final = "actual"
FITTED: Final = "fitted"
SPLIT: Final = "split"  # train, val or test

# Response curves; spend is per period (a week, a day)
RESPONSE: Final = "response"
MARGINAL_RESPONSE: Final = "marginal_response"
CURRENT_SPEND: Final = "current_spend"
CURRENT_RESPONSE: Final = "current_response"
CURRENT_MARGINAL: Final = "current_marginal"
INFLEXION: Final = "inflexion"
ALPHA: Final = "alpha"
MEAN_CARRYOVER: Final = "mean_carryover"  # carried over from earlier periods, in spend units

# Allocation; per period unless the name says total
PLANNED_SPEND: Final = "planned_spend"
PLANNED_RESPONSE: Final = "planned_response"
PLANNED_MARGINAL: Final = "planned_marginal"
SPEND_LOW: Final = "spend_low"
SPEND_HIGH: Final = "spend_high"
BINDING: Final = "binding"  # low, high, locked or empty: what the planned spend stands on
CURRENT_EFFICIENCY: Final = "current_efficiency"  # ROAS, or CPA of conversions
PLANNED_EFFICIENCY: Final = "planned_efficiency"
MOST_EVER: Final = "most_ever"  # largest spend of a period in the window

# Figures of an allocation, one row a metric (allocator_metrics.csv)
METRIC: Final = "metric"
CURRENT: Final = "current"
PLANNED: Final = "planned"
LIFT_PERCENT: Final = "lift_percent"

# What a refresh changed, one row a figure (refresh_changes.csv)
PART: Final = "part"  # data, hyperparameter, coefficient, share, ...
NAME: Final = "name"
PARENT: Final = "parent"
REFRESHED: Final = "refreshed"
CHANGE: Final = "change"  # refreshed - parent

# A model fitted again, one row a figure
QUANTITY: Final = "quantity"
EXPORTED: Final = "exported"
RECREATED: Final = "recreated"
DIFFERENCE: Final = "difference"  # relative

# Annotations: what a person knows about a date, drawn on the charts (annotations.csv)
LABEL: Final = "label"

# Modelled against true, where the data are simulated
TRUE_ROAS: Final = "true_roas"
MODELLED_ROAS: Final = "modelled_roas"
ROAS_ERROR: Final = "roas_error"  # modelled / true - 1
TRUE_CONTRIBUTION: Final = "true_contribution"
MODELLED_CONTRIBUTION: Final = "modelled_contribution"
TRUE_RESPONSE: Final = "true_response"
MODELLED_RESPONSE: Final = "modelled_response"
