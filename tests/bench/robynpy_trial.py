"""robynpy on the weekly demo, in robynpy's own environment.

Called with the data file and a number of candidates; prints a line of JSON with the seconds its
search takes for so many. Each training also draws plots, whatever it is told; so it trains twice,
with few candidates and with as many more, and the difference is the search's own.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time

import holidays
import pandas as pd
from robyn.data.entities.enums import (
    AdstockType,
    DependentVarType,
    ProphetSigns,
    ProphetVariableType,
)
from robyn.data.entities.holidays_data import HolidaysData
from robyn.data.entities.hyperparameters import ChannelHyperparameters, Hyperparameters
from robyn.data.entities.mmmdata import MMMData
from robyn.modeling.entities.modelrun_trials_config import TrialsConfig
from robyn.robyn import Robyn

THETAS = {
    "tv_S": [0.3, 0.8],
    "ooh_S": [0.1, 0.4],
    "print_S": [0.1, 0.4],
    "facebook_S": [0.0, 0.3],
    "search_S": [0.0, 0.3],
    "newsletter": [0.1, 0.4],
}


FEW = 20


def main(file: str, candidates: int) -> None:
    """Search, and say how long it took."""
    spec = MMMData.MMMDataSpec(
        dep_var="revenue",
        dep_var_type=DependentVarType.REVENUE,
        date_var="DATE",
        context_vars=["competitor_sales_B", "events"],
        factor_vars=["events"],
        paid_media_spends=["tv_S", "ooh_S", "print_S", "facebook_S", "search_S"],
        paid_media_vars=["tv_S", "ooh_S", "print_S", "facebook_I", "search_clicks_P"],
        organic_vars=["newsletter"],
        window_start="2016-01-01",
        window_end="2018-12-31",
    )
    days = holidays.country_holidays("DE", years=range(2015, 2020))
    calendar = pd.DataFrame(
        [
            {"ds": pd.Timestamp(day), "holiday": name, "country": "DE", "year": day.year}
            for day, name in sorted(days.items())
        ]
    )
    components = [
        ProphetVariableType.TREND,
        ProphetVariableType.SEASON,
        ProphetVariableType.HOLIDAY,
    ]
    ranges = {
        name: ChannelHyperparameters(alphas=[0.5, 3], gammas=[0.3, 1], thetas=thetas)
        for name, thetas in THETAS.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        robyn = Robyn(working_dir=folder, console_log_level="ERROR", file_log_level="ERROR")
        robyn.initialize(
            mmm_data=MMMData(data=pd.read_csv(file), mmmdata_spec=spec),
            holidays_data=HolidaysData(
                dt_holidays=calendar,
                prophet_vars=components,
                prophet_signs=[ProphetSigns.DEFAULT] * len(components),
                prophet_country="DE",
            ),
            hyperparameters=Hyperparameters(
                ranges, adstock=AdstockType.GEOMETRIC, lambda_=[0, 1], train_size=[0.5, 0.8]
            ),
        )
        robyn.feature_engineering(display_plots=False)
        seconds = [_seconds(robyn, count) for count in (FEW, FEW + candidates)]
    print(json.dumps({"seconds": seconds[1] - seconds[0]}))


def _seconds(robyn: Robyn, candidates: int) -> float:
    start = time.perf_counter()
    robyn.train_models(
        TrialsConfig(trials=1, iterations=candidates),
        ts_validation=False,
        cores=2,
        display_plots=False,
    )
    return time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
