"""What can train, and where: engines with the doctor's word on each, and executors."""

from __future__ import annotations

import os
import socket
from typing import Any

from mmmlib.archive import Archive
from mmmlib.doctor import Health, Symptom
from mmmlib.ground import LaunchError, MMMError, names, settings, usable_cores

_WORST = (Health.FAIL, Health.WARN, Health.PASS)


def engines() -> list[dict[str, str]]:
    """Return the registered engines: ``name``, ``verdict``, ``found`` and ``remedy``.

    The doctor is asked about what the engine needs of this machine, which takes up to some
    seconds; an engine of no probe is only listed.
    """
    return [{"name": name, **_word(_asked(name))} for name in names.ENGINES]


def executors(root: str) -> list[dict[str, Any]]:
    """Return the executors that may be launched on from an archive.

    Each with ``name``, ``ready``, ``where`` it trains and how many are ``ahead`` in its queue.
    """
    from mmmlib.launching import listed, open_executor

    archive = Archive(root)
    try:
        queued = [queue for queue, _ in listed(archive)]
    except MMMError:  # the archive says so itself on the page of the runs
        queued = []
    found = []
    for name in settings().executors:
        try:
            executor = open_executor(name)
            executor.check(archive.store.root)
        except LaunchError as error:
            found.append({"name": name, "ready": False, "where": str(error), "ahead": 0})
        else:
            ahead = queued.count(executor.queue)
            found.append({"name": name, "ready": True, "where": _where(name), "ahead": ahead})
    return found


def countries() -> list[dict[str, str]]:
    """Return the countries whose holidays are known: label (``value``) and name (``title``)."""
    from mmmlib.data import holiday_countries

    return [
        {"value": code.lower(), "title": f"{name} ({code.lower()})"}
        for code, name in holiday_countries().items()
    ]


def connections() -> list[str]:
    """Return the names of the Snowflake connections known here; nothing else of them."""
    from mmmlib.data import known_connections as known

    return [profile.name for profile in known()]


def use_typed(values: dict[str, str]) -> dict[str, str]:
    """Let the connection ``typed`` mean what a person typed; it is never written.

    It lives in the memory of this process and, as variables, in that of the runs it starts on
    this machine.

    Returns
    -------
    dict
        Those variables.
    """
    from mmmlib.data import TypedConnection

    known = {key: str(values[key]) for key in TypedConnection.__dataclass_fields__ if key in values}
    typed = TypedConnection(**{"account": "", "user": ""} | known)
    typed.use()
    variables = typed.environment()
    replace_typed(variables)
    return variables


def replace_typed(variables: dict[str, str]) -> None:
    """Let these variables, and no earlier ones, describe the typed connection."""
    from mmmlib.data import TYPED_PREFIX

    for name in [name for name in os.environ if name.startswith(TYPED_PREFIX)]:
        del os.environ[name]
    os.environ.update(variables)


def _where(executor: str) -> str:
    cores = usable_cores()
    here = f"on {socket.gethostname()}, {cores} core{'' if cores == 1 else 's'}"
    return {
        "local": f"{here}; it goes on when this page is closed",
        "cloudrun": "in a container of Cloud Run",
        "dask": "on a worker of the Dask cluster",
    }.get(executor, executor)


def _asked(engine: str) -> list[Symptom]:
    from mmmlib.doctor import probes

    if engine == "native":
        return [*probes.processor(), *probes.numba_cache()]
    if engine == "robyn":
        return [*probes.r(), *probes.rpy2()]
    return []


def _word(findings: list[Symptom]) -> dict[str, str]:
    """The worst finding's verdict and remedy; what was found, in a line."""
    if not findings:
        return {"verdict": "", "found": "", "remedy": ""}
    worst = min(findings, key=lambda finding: _WORST.index(finding.verdict))
    told = [worst] if worst.verdict is not Health.PASS else findings
    return {
        "verdict": worst.verdict.value,
        "found": " · ".join(f"{finding.name}: {finding.found}" for finding in told),
        "remedy": worst.remedy,
    }
