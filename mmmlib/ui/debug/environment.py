"""Versions, variables and the session, as rows for people. No secret is read, none is shown."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import socket
import time
from importlib import metadata
from typing import Any

from mmmlib import __version__
from mmmlib.ground import code_commit, usable_cores
from mmmlib.run import duration
from mmmlib.ui.server.folder import kernel_id, server_facts

MASK = "set, not shown"
_PACKAGES = (
    "duckdb",
    "google-cloud-storage",
    "ipyvuetify",
    "ipywidgets",
    "nevergrad",
    "numba",
    "numpy",
    "pandas",
    "papermill",
    "prophet",
    "pyarrow",
    "pymoo",
    "rpy2",
    "scipy",
    "snowflake-connector-python",
    "voila",
)
_INTERESTING = re.compile(
    r"(MMM|SNOWFLAKE|GOOGLE|GCS|STORAGE|K|CLOUD_RUN|NUMBA|OMP|OPENBLAS|R|RETICULATE)_\w+"
    r"|APP_ROOT|RUN_SERVICE_ACCOUNT_EMAIL|TZ|LANG|LC_ALL"
)
# Shown as they are; any other variable may hold a secret, now or in a later version.
_HARMLESS = re.compile(
    r"APP_ROOT|MMM_(ROOT|SERVER_FOLDER|LOG|BASE_URL|BEHIND_IAP|COMMIT|CACHE|CACHE_HOURS|DATA_FOLDERS|CLOUDRUN_\w+)|GCS_BUCKET"
    r"|GOOGLE_CLOUD_PROJECT|K_(SERVICE|REVISION|CONFIGURATION)|CLOUD_RUN_\w+|NUMBA_(?!\w*KEY)\w+"
    r"|OMP_NUM_THREADS|OPENBLAS_NUM_THREADS|R_(HOME|LIBS|LIBS_USER|LIBS_SITE)|RETICULATE_PYTHON"
    r"|TZ|LANG|LC_ALL"
)

Rows = list[list[str]]


def versions() -> Rows:
    """Name and version of the product, Python, the machine and the packages that matter."""
    rows = [
        ["MMM Trainer", __version__],
        ["Code commit", _short(code_commit()) or "not known"],
        ["Python", platform.python_version()],
        ["System", platform.platform(terse=True)],
        ["Machine", f"{socket.gethostname()}, {usable_cores()} cores"],
    ]
    for name in _PACKAGES:
        try:
            rows.append([name, metadata.version(name)])
        except metadata.PackageNotFoundError:
            rows.append([name, "not installed"])
    return rows


def variables() -> Rows:
    """Environment variables that this service or its libraries heed; values only of harmless ones.

    A URL may carry a password before its ``@``; that is left out, too.
    """
    rows = []
    for name in sorted(os.environ):
        if not _INTERESTING.fullmatch(name):
            continue
        value = os.environ[name]
        shown = re.sub(r"//[^/@\s]+@", "//…@", value) if _HARMLESS.fullmatch(name) else MASK
        rows.append([name, shown if value else "empty"])
    return rows


def session(who: str, since: float) -> Rows:
    """What is known of this tab and the server behind it.

    Parameters
    ----------
    who : str
        Who looks.
    since : float
        When the page was opened (``time.time()``).
    """
    import psutil

    facts = server_facts()
    own = psutil.Process()
    rows = [
        ["You are", who],
        ["Kernel of this tab", kernel_id() or "none: this is no kernel"],
        ["Its process", f"{own.pid}, {_megabytes(own)}"],
        ["Open since", _moment(since)],
    ]
    if not facts:
        return [*rows, ["Server", "none: the notebook was opened without one"]]
    server = psutil.Process(facts["pid"])
    kernels = [child for child in server.children() if "ipykernel" in " ".join(_command(child))]
    memory = sum(_resident(one) for one in [server, *kernels]) / 2**20
    names = "named by Identity-Aware Proxy" if facts["behind_iap"] else "not named: no proxy"
    return [
        *rows,
        ["Server", f"process {server.pid}, up for {duration(time.time() - facts['started'])}"],
        ["Kernels", f"{len(kernels)}, of which up to {facts['pool']} wait for the next tab"],
        ["Memory of all", f"{memory:,.0f} MB"],
        ["Abandoned tabs end after", duration(facts["cull_seconds"])],
        ["Path", facts["base_url"]],
        ["People", names],
        ["Token", "asked for" if facts["token"] else "not asked for"],
    ]


def _command(process: Any) -> list[str]:
    import psutil

    try:
        command: list[str] = process.cmdline()
    except psutil.Error:  # it has just ended
        return []
    return command


def _resident(process: Any) -> int:
    import psutil

    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _megabytes(process: Any) -> str:
    return f"{_resident(process) / 2**20:,.0f} MB"


def _short(commit: str) -> str:
    digest, plus, changes = commit.partition("+")
    return digest[:12] + plus + changes


def _moment(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
