"""How long a training will take: from the earlier runs of the archive, and nothing else.

The quote is written into the run (``quote.json``), so that it can be held against what the run
then took.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mmmlib.archive import MANIFEST, Archive, Run, Status, now
from mmmlib.ground import MMMError
from mmmlib.job import TrainingJob

QUOTE = "quote.json"
MOST_RUNS = 12  # of which the times are read, the newest ones
_SEARCH = "search"


@dataclass(frozen=True)
class EarlierRun:
    """What an earlier run took.

    Attributes
    ----------
    engine, optimizer : str
    candidates, media : int
    search : float
        Seconds of the search; of all steps where the engine does not tell them apart.
    rest : float
        Seconds of everything else, from the run's start to its end.
    """

    run: str
    engine: str
    optimizer: str
    candidates: int
    media: int
    search: float
    rest: float

    @property
    def per_candidate(self) -> float:
        """Seconds of one candidate, all cores together."""
        return self.search / self.candidates


@dataclass(frozen=True)
class Quote:
    """What was expected of a run before it began.

    Attributes
    ----------
    seconds : float or None
        Expected time from start to end; ``None`` where no run of the archive is like it.
    low, high : float or None
        Least and most, by the fastest and the slowest of the runs it is from.
    candidates : int
    runs : tuple of str
        The runs it is from.
    executor : str
    at : str
        When it was made (UTC).
    """

    seconds: float | None
    low: float | None
    high: float | None
    candidates: int
    runs: tuple[str, ...]
    executor: str
    at: str

    def plain(self) -> dict[str, Any]:
        """The content of ``quote.json``."""
        return asdict(self) | {"runs": list(self.runs)}

    def words(self) -> str:
        """The quote in a sentence."""
        from mmmlib.run import duration

        if self.seconds is None or self.low is None or self.high is None:
            return "Not known yet: no run of this kind has ended in this archive"
        about = f"about {duration(self.seconds)}"
        if duration(self.low) != duration(self.high):
            about += f" ({duration(self.low)} to {duration(self.high)})"
        count = len(self.runs)
        return f"{about}, from {count} earlier run{'' if count == 1 else 's'}"


def past_runs(root: str) -> list[EarlierRun]:
    """Return what the newest runs of an archive that succeeded took.

    One that cannot be read is passed over.
    """
    found: list[EarlierRun] = []
    for run in Archive(root).runs():
        if len(found) == MOST_RUNS:
            break
        try:
            if past := _past(run):
                found.append(past)
        except (MMMError, ValueError, KeyError):  # of another version; a quote can do without it
            continue
    return found


def quote(job: TrainingJob, past: Sequence[EarlierRun], executor: str = "local") -> Quote:
    """Expect the time of a job: candidates at the speed of earlier runs, plus their overhead.

    Runs of the same engine and optimizer count; a candidate's time grows with the number of
    channels, so it is scaled by that.
    """
    candidates, media = job.iterations * job.trials, len(job.media)
    like = [p for p in past if p.engine == job.engine and p.optimizer == job.optimizer]
    times = [p.rest + p.per_candidate * candidates * media / p.media for p in like]
    moment = now().isoformat(timespec="seconds")
    if not times:
        return Quote(None, None, None, candidates, (), executor, moment)
    runs = tuple(p.run for p in like)
    middle = statistics.median(times)
    return Quote(middle, min(times), max(times), candidates, runs, executor, moment)


def quoted_and_actual(run: Run) -> dict[str, Any]:
    """Return what was quoted for a run and what it took; empty where nothing was quoted.

    Keys: ``words`` (a sentence), ``quoted`` (in words; empty where no time was promised),
    ``seconds`` (quoted, may be ``None``), ``took`` (seconds, or ``None`` while it goes on).
    """
    from mmmlib.run import duration

    if not run.has(QUOTE):
        return {}
    quoted = run.load_json(QUOTE)
    took = None
    if ended := run.manifest:
        took = (ended.ended - ended.started).total_seconds()
    said = "" if quoted["seconds"] is None else f"about {duration(quoted['seconds'])}"
    words = f"quoted {said or 'no time'}" + ("" if took is None else f", took {duration(took)}")
    return {"words": words, "quoted": said, "seconds": quoted["seconds"], "took": took}


def _past(run: Run) -> EarlierRun | None:
    from mmmlib.archive import TRAINING

    if not run.has(MANIFEST) or not run.has(TRAINING):
        return None
    ended = run.manifest
    if ended is None or ended.status is not Status.SUCCEEDED:
        return None
    job, facts = run.job, run.load_json(TRAINING)
    seconds = {name: float(value) for name, value in facts["seconds"].items()}
    search = seconds.get(_SEARCH, sum(seconds.values()))
    whole = (ended.ended - ended.started).total_seconds()
    candidates = int(facts["summary"]["candidates"])
    if candidates < 1 or search <= 0:
        return None
    return EarlierRun(
        str(run.id),
        job.engine,
        job.optimizer,
        candidates,
        len(job.media),
        search,
        max(0.0, whole - search),
    )
