"""The doctor's probes: each looks at one thing of this machine and returns its findings."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path

from mmmlib.doctor.symptom import Health, Symptom
from mmmlib.ground import compiled_folders, settings, usable_cores

PROBE_SECONDS = 4.0
_LOCK = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.M)
_TRAINING_MB = 1500  # what a standard run of the native engine was measured to need, doubled


def python() -> list[Symptom]:
    """Python's version against what the package asks for."""
    found = f"{sys.version.split()[0]} in {sys.prefix}"
    if (3, 11) <= sys.version_info[:2] < (3, 13):
        return [_pass("Python", found)]
    return [Symptom("Python", Health.FAIL, found, "use Python 3.11 or 3.12")]


def packages() -> list[Symptom]:
    """Installed packages against the lock file of the checkout."""
    lock = settings().app_root / "requirements" / "product.txt"
    if not lock.is_file():
        return [_warn("packages", "no lock file here", "run mmm in the checkout, or set APP_ROOT")]
    locked = dict(_LOCK.findall(lock.read_text()))
    other, missing = [], []
    for name, version in locked.items():
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if installed != version:
            other.append(f"{name} {installed}, locked {version}")
    install = f"{Path(sys.executable).name} -m pip install --require-hashes -r {lock}"
    if missing:
        words = f"{len(missing)} of {len(locked)} are missing: {', '.join(missing[:5])}"
        return [Symptom("packages", Health.FAIL, words, install)]
    if other:
        words = f"{len(other)} of {len(locked)} differ: {'; '.join(other[:3])}"
        return [_warn("packages", words, f"numbers may differ from the locked ones; {install}")]
    return [_pass("packages", f"{len(locked)} as locked")]


def processor() -> list[Symptom]:
    """Cores this process may use, and memory that is free within its container."""
    import psutil

    cores, all_cores = usable_cores(), os.cpu_count() or 1
    words = f"{cores} of {all_cores}"
    free = psutil.virtual_memory().available
    if (limit := _memory_limit()) is not None:
        free = min(free, limit)
    memory = f"{free / 2**20:,.0f} MB free"
    return [
        _pass("cores", words),
        _pass("memory", memory)
        if free >= _TRAINING_MB * 2**20
        else _warn("memory", memory, f"a standard run wants {_TRAINING_MB} MB; close something"),
    ]


def numba_cache() -> list[Symptom]:
    """Whether compiled code can be kept; where not, every run compiles anew."""
    folders = compiled_folders()
    for folder in folders:
        if _writable(folder):
            return [_pass("numba cache", f"{folder} can be written")]
    words = f"{folders[0]} cannot be written"
    remedy = "set NUMBA_CACHE_DIR to a folder that can; else each run compiles for about 10 s"
    return [_warn("numba cache", words, remedy)]


def notebooks() -> list[Symptom]:
    """The notebooks that a run executes."""
    folder = settings().notebooks
    missing = [
        name
        for name in ("extract.ipynb", "train.ipynb", "dashboard.ipynb")
        if not (folder / name).is_file()
    ]
    if not missing:
        return [_pass("notebooks", str(folder))]
    words = f"{folder} has no {', '.join(missing)}"
    remedy = "run mmm in the checkout, or set APP_ROOT to it"
    return [Symptom("notebooks", Health.FAIL, words, remedy)]


def storage(root: str) -> list[Symptom]:
    """The archive's store: written, read, listed, claimed, deleted."""
    from mmmlib.archive import check_storage

    place = root or settings().root
    steps = check_storage(place)
    failed = [step for step in steps if not step.ok]
    if failed and {step.name for step in failed} <= {"sign", "fetch"}:  # bytes go through the page
        words = f"{place}: no links to artifacts: {failed[0].message}"
        return [_warn("archive", words, "files are sent through the page until that is mended")]
    if failed:
        words = f"{place}: {failed[0].name} failed: {failed[0].message}"
        remedy = "mend that, or set MMM_ROOT to an archive that can be written"
        return [Symptom("archive", Health.FAIL, words, remedy)]
    took = sum(step.seconds for step in steps)
    return [_pass("archive", f"{place}: {', '.join(step.name for step in steps)} in {took:.2f} s")]


def r() -> list[Symptom]:
    """R and what the engine `robyn` needs in it, as the R package says itself."""
    if not (program := shutil.which("Rscript")):
        words = "not found; the engine robyn is not available, native is"
        return [_warn("R", words, "make setup-r")]
    script = settings().app_root / "r" / "exec" / "mmmr.R"
    if not script.is_file():
        return [_warn("R", f"{program}, but there is no {script}", "set APP_ROOT to the checkout")]
    done = _run([program, "--vanilla", str(script), "status"])
    try:
        status = json.loads(done.stdout)
    except json.JSONDecodeError:
        words = f"{program} does not run: {done.stderr.strip()[-200:]}"
        return [_warn("R", words, "make setup-r")]
    shown = ("R", "Robyn", "reticulate")
    findings = [
        _pass(entry["package"], entry["found"])
        if entry["ok"]
        else _warn(entry["package"], _needs(entry), entry["remedy"])
        for entry in status
        if entry["package"] in shown
    ]
    missing = [e["package"] for e in status if not e["ok"] and e["package"] not in shown]
    if missing:
        words = f"{len(missing)} are missing or too old: {', '.join(missing)}"
        return [*findings, _warn("R packages", words, "make setup-r")]
    return [*findings, _pass("R packages", f"{len(status) - len(shown)} as Robyn needs them")]


def rpy2() -> list[Symptom]:
    """Whether R starts inside Python, tried in a process of its own: it may crash."""
    from importlib.util import find_spec

    try:
        nevergrad = _pass("nevergrad", metadata.version("nevergrad"))
    except metadata.PackageNotFoundError:
        nevergrad = Symptom("nevergrad", Health.FAIL, "not installed", "see packages")
    if find_spec("rpy2") is None:
        remedy = "make setup-r; only the engine robyn needs it"
        return [_warn("rpy2", "not installed", remedy), nevergrad]
    code = (
        "import warnings; warnings.simplefilter('ignore'); import rpy2, rpy2.robjects as ro, os; "
        "print(rpy2.__version__, 'with R', ro.r('as.character(getRversion())')[0], flush=True); "
        "os._exit(0)"
    )
    done = _run([sys.executable, "-c", code])
    if done.returncode == 0 and done.stdout.strip():
        return [_pass("rpy2", done.stdout.strip().splitlines()[-1]), nevergrad]
    words = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1][:200]
    remedy = "make setup-r; only the engine robyn needs it"
    return [_warn("rpy2", f"does not start R: {words}", remedy), nevergrad]


def snowflake() -> list[Symptom]:
    """Names of the Snowflake connections that are defined here; nothing of them is shown."""
    home = Path(os.environ.get("SNOWFLAKE_HOME", "~/.snowflake")).expanduser()
    names: list[str] = []
    try:
        if (file := home / "connections.toml").is_file():
            names += tomllib.loads(file.read_text())
        elif (file := home / "config.toml").is_file():
            names += tomllib.loads(file.read_text()).get("connections", {})
    except (OSError, ValueError):
        # the error would quote the file, which holds secrets
        return [_warn("Snowflake", f"{file} cannot be read", "mend its TOML or its permissions")]
    if os.environ.get("SNOWFLAKE_ACCOUNT"):
        names.append("environment (SNOWFLAKE_*)")
    found = ", ".join(sorted(names)) or "no connection is defined; CSV and Parquet need none"
    return [_pass("Snowflake", found)]


def launching() -> list[Symptom]:
    """Executors that are set up here."""
    from mmmlib.ground import LaunchError, names
    from mmmlib.launching import open_executor

    ready, absent = [], []
    for name in names.EXECUTORS:
        try:
            open_executor(name)
        except LaunchError as error:
            absent.append(f"{name} is not set up ({error})")
        else:
            ready.append(name)
    return [_pass("executors", "; ".join([", ".join(ready), *absent]))]


def _needs(entry: dict[str, str]) -> str:
    return f"{entry['found'] or 'not installed'}; needed {entry['needed']}"


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a bounded command; one that is too slow counts as one that failed."""
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer in {PROBE_SECONDS:.0f} s")


def _memory_limit(cgroup: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes the container still allows (cgroup v2, then v1); ``None`` without a limit."""
    for most, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            limit, now = (cgroup / most).read_text().strip(), (cgroup / used).read_text()
        except OSError:
            continue
        return None if limit == "max" else max(0, int(limit) - int(now))
    return None


def _writable(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _pass(name: str, found: str) -> Symptom:
    return Symptom(name, Health.PASS, found)


def _warn(name: str, found: str, remedy: str) -> Symptom:
    return Symptom(name, Health.WARN, found, remedy)
