"""What works on this machine, what does not, and the remedy: ``mmm doctor``, the Debug page.

Each probe is one function that returns a finding. All run at once, each in a thread with a time
limit, so that storage which does not answer cannot hold up the rest.
"""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from mmmlib.doctor import probes
from mmmlib.doctor.symptom import Health, Symptom

LIMIT_SECONDS = 4.5  # for all probes together; they run side by side


Probe = Callable[[], list[Symptom]]


def examine(root: str = "") -> list[Symptom]:
    """Run every probe; takes less than five seconds, whatever hangs.

    Parameters
    ----------
    root : str
        The archive whose storage is tried; that of the settings when empty.
    """
    asked: dict[str, Probe] = {
        "Python": probes.python,
        "packages": probes.packages,
        "processor": probes.processor,
        "numba cache": probes.numba_cache,
        "notebooks": probes.notebooks,
        "archive": lambda: probes.storage(root),
        "R": probes.r,
        "rpy2": probes.rpy2,
        "Snowflake": probes.snowflake,
        "launching": probes.launching,
    }
    return _side_by_side(asked, LIMIT_SECONDS)


def _side_by_side(asked: dict[str, Probe], limit: float) -> list[Symptom]:
    """Ask all probes at once; one that does not answer in time is a finding, too."""
    answers: dict[str, list[Symptom]] = {}

    def ask(name: str, probe: Probe) -> None:
        started = time.perf_counter()
        try:
            found = probe()
        except Exception as error:  # a probe must not take the others with it
            words = f"the probe itself failed: {type(error).__name__}: {error}"
            found = [Symptom(name, Health.FAIL, words, "report this as a bug")]
        took = time.perf_counter() - started
        answers[name] = [replace(finding, seconds=took) for finding in found]

    threads = [
        threading.Thread(target=ask, args=item, name=f"doctor {item[0]}", daemon=True)
        for item in asked.items()
    ]
    end = time.monotonic() + limit
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    silent = f"no answer within {limit:.0f} s on {platform.node()}"
    return [
        finding
        for name in asked
        for finding in answers.get(name)
        or [Symptom(name, Health.WARN, silent, "try again when the machine is less busy", limit)]
    ]
