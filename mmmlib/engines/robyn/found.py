"""Is Robyn here? Asked of R itself, in a process like the one that would train."""

from __future__ import annotations

import importlib.util
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from mmmlib.ground import EngineError, Problem

SETUP = "run `make setup-r`"
NUMBERS = ("Robyn", "R", "glmnet", "prophet", "nloptr", "lares", "reticulate")  # numbers depend on
OTHERWISE = "or set engine to native, which needs no R"


@dataclass(frozen=True)
class Requirement:
    """One thing the engine needs: what is found (empty: nothing) and, unless ok, what to do."""

    package: str
    needed: str
    found: str
    ok: bool
    remedy: str


ASK_AGAIN_SECONDS = 60.0  # after an incomplete answer; a complete one stays
_answer: tuple[float, tuple[Requirement, ...]] | None = None  # when it was asked, and what was said


def sources() -> list[Path]:
    """Return the R files of ``mmmr``: sourced, not installed, so any checkout or image works."""
    from mmmlib.ground import settings

    return sorted((settings().app_root / "r" / "R").glob("*.R"))


def requirements() -> tuple[Requirement, ...]:
    """Everything the engine needs, found or not; takes about a second where R is there.

    R and its packages are asked through rpy2 in a process of its own, so that what does not load
    there is known before a run.
    """
    global _answer
    if _answer and (_complete(_answer[1]) or time.monotonic() - _answer[0] < ASK_AGAIN_SECONDS):
        return _answer[1]
    found = _before_r()
    if _complete(found):
        found = (*(item for item in found if item.package != "R"), *_in_r())
    _answer = time.monotonic(), found
    return found


def _complete(found: tuple[Requirement, ...]) -> bool:
    return all(item.ok for item in found)


def missing() -> list[Problem]:
    """Why the engine cannot run here; empty where it can."""
    lacking = [item for item in requirements() if not item.ok]
    if not lacking:
        return []
    first = "; ".join(
        f"{item.package} {item.needed}" + (f" (found {item.found})" if item.found else "")
        for item in lacking[:4]
    )
    more = f" and {len(lacking) - 4} more" if len(lacking) > 4 else ""
    own = next((item.remedy for item in lacking if SETUP not in item.remedy), "")
    advice = f"{own}; {OTHERWISE}" if own else f"{SETUP}, {OTHERWISE}"
    return [Problem("engine", f"robyn lacks here {first}{more}: {advice}")]


def versions() -> dict[str, str]:
    """Version of each package found, by name; empty where the engine cannot run."""
    return {item.package: item.found for item in requirements() if item.found}


def _before_r() -> tuple[Requirement, ...]:
    """What can be known without starting anything."""
    r = shutil.which("R") or ""
    bridge = importlib.util.find_spec("rpy2") is not None
    files = bool(sources())
    return (
        Requirement("R", ">= 4.2", "there" if r else "", bool(r), "" if r else SETUP),
        Requirement("rpy2", "3.5", "there" if bridge else "", bridge, "" if bridge else SETUP),
        Requirement(
            "mmmr",
            "beside mmmlib",
            "there" if files else "",
            files,
            "" if files else "set APP_ROOT to the folder that holds r/R and notebooks",
        ),
    )


def _in_r() -> tuple[Requirement, ...]:
    from mmmlib.engines.robyn.frames import to_table
    from mmmlib.engines.robyn.hosts import Hosts

    try:
        with Hosts(sources(), lambda line: None) as hosts:
            status = to_table(hosts.call(hosts.start(), "mmmr_status"))
    except EngineError as error:
        remedy = f"R does not start inside Python: {error}"
        return (Requirement("R in Python", "through rpy2", "", False, remedy),)
    return tuple(
        Requirement(row["package"], row["needed"], row["found"], bool(row["ok"]), row["remedy"])
        for row in status.to_dict("records")
    )
