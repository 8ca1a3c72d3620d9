"""From settings to files, and the job that trains on them: columns and kinds are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmmlib.ground import SourceError, columns as c
from mmmlib.job import TrainingJob
from mmmlib.simulate.generate import exposure_column, simulate, spend_column
from mmmlib.simulate.parse import Simulation
from mmmlib.simulate.truth import COUNTRY, truth_folder


def job_for(settings: Simulation, file: str, country: str = "", **values: Any) -> TrainingJob:
    """A job that trains on one country of a simulated data set.

    Parameters
    ----------
    settings : Simulation
        What made the data.
    file : str
        The data, as a job names them.
    country : str
        The first one where empty.
    values
        Other keys of the job.

    Raises
    ------
    JobError
        The values are not valid.
    """
    chosen = next((item for item in settings.countries if item.name == country), None)
    chosen = chosen or settings.countries[0]
    prophet = [
        name
        for name, used in {
            "trend": settings.trend != 0,
            "season": settings.season is not None,
            "weekday": bool(settings.weekday),
            "holiday": settings.holidays is not None and chosen.holidays,
        }.items()
        if used
    ]
    context: list[dict[str, Any]] = [{"name": item.name} for item in settings.context]
    if settings.events is not None:
        context.append({"name": settings.events.name, "factor": True})
        prophet = prophet or ["trend"]  # a factor is estimated by prophet
    channels = [
        {
            "name": item.name,
            "spend": spend_column(item),
            "exposure": exposure_column(item),
            "kind": item.kind,
        }
        for item in settings.channels
    ]
    return TrainingJob.parse(
        {
            "country": chosen.name,
            "file": file,
            "country_column": COUNTRY,
            "date": "date",
            "target": settings.target,
            "target_type": settings.target_type,
            "holidays": chosen.holidays,
            "prophet": prophet,
            "channels": channels,
            "context": context,
            "adstock": settings.adstock,
            **values,
        }
    )


def write_simulation(settings: Simulation, into: Path) -> str:
    """Simulate; write the data, their truth and a job that trains on the first country.

    A job that is there already is kept: a person may have edited it.

    Returns
    -------
    str
        What was written, and the true ROAS by channel, as lines to read.

    Raises
    ------
    SimulationError, SourceError
        It cannot be simulated; it cannot be written.
    """
    made = simulate(settings)
    made.save(into)
    job = into.with_suffix(".job.yaml")
    kept = job.exists()
    try:
        if not kept:
            job.write_text(job_for(settings, str(into)).to_yaml(), encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{job}: cannot be written: {error}") from error
    roas = [f"  {row[c.CHANNEL]}: {row[c.ROAS]:.4g}" for _, row in made.truth.roas().iterrows()]
    return "\n".join(
        [
            f"{into}: {len(made.data)} rows, {len(settings.countries)} countries",
            f"{truth_folder(into)}: the truth",
            f"{job}: was there already and is kept"
            if kept
            else f"{job}: a job that trains on {settings.countries[0].name}",
            "true ROAS:",
            *roas,
        ]
    )
