"""What runs have in common and where they differ, as plain values. No widgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mmmlib.archive import CHANGES, CHECKS, DATASET, TRAINING, Archive, Manifest, Run, chosen_model
from mmmlib.ground import RunError, columns as c
from mmmlib.run import duration
from mmmlib.ui.run.findings import LIFT_DISTANCE, Findings, read_findings
from mmmlib.ui.run.spread import read_spread
from mmmlib.ui.runs.model import submitted

MOST = 8
_NAMED = ("name", "label", "feature")  # what tells the entries of a list in a job apart
_HIGHER_IS_BETTER = ("R² train",)
_DASH = "–"
_VARIABLES = ("channels", "organic", "context")  # of a job: lists of named variables
_RSSD = "DECOMP.RSSD"


def compare(archive: Archive, names: Iterable[str]) -> dict[str, Any]:
    """Return two to eight runs side by side; every list of ``values`` has the order of the runs.

    Keys: ``heads`` (one mapping a run), ``changed`` (sentences), ``settings``, ``data`` and
    ``environment`` (``key, values``; settings only where they differ), ``same`` (settings that do
    not), ``errors`` (``key, values``, ``best`` where the values can be compared, ``note``),
    ``channels`` (``name, values``: ``value, low, high``), ``efficiency``.

    Raises
    ------
    RunError
        There is no such run, or there are too few or too many.
    """
    wanted = list(dict.fromkeys(names))
    if not 2 <= len(wanted) <= MOST:
        raise RunError(f"compare two to {MOST} different runs; {len(wanted)} are chosen")
    runs = [archive.run(name) for name in wanted]
    manifests = [run.manifest for run in runs]
    found = [read_findings(run) if run.has(TRAINING) else None for run in runs]
    settings, same = _differing(_settings(runs))
    data, environment = _data(runs, manifests), _environment(manifests)
    return {
        "heads": [_head(run, manifest) for run, manifest in zip(runs, manifests, strict=True)],
        "changed": _changed(settings, data, environment, found),
        "settings": settings,
        "same": same,
        "data": data,
        "environment": environment,
        "errors": _errors(runs, found, data[0]["values"]),
        "channels": _channels(runs, found),
        "efficiency": next((one.efficiency for one in found if one), "ROAS"),
    }


def flat(value: Any, prefix: str = "") -> dict[str, str]:
    """Return nested settings as ``channels.tv.spend`` → text; entries of lists go by their name."""
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for key, inner in value.items():
            found |= flat(inner, f"{prefix}.{key}" if prefix else str(key))
        return found or {prefix: _DASH}
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        found = {}
        for index, one in enumerate(value):
            name = next((str(one[key]) for key in _NAMED if one.get(key)), str(index + 1))
            found |= flat({k: v for k, v in one.items() if k not in _NAMED}, f"{prefix}.{name}")
        return found
    if isinstance(value, list):
        return {prefix: ", ".join(map(str, value)) if value else _DASH}
    if isinstance(value, bool):
        return {prefix: "yes" if value else "no"}
    return {prefix: _DASH if value in (None, "") else str(value)}


def _settings(runs: list[Run]) -> list[dict[str, str]]:
    """Settings of each run; a variable that some runs do not have is one line, not ten."""
    jobs = [run.job.model_dump(mode="json") for run in runs]
    flats = [flat(job) for job in jobs]
    for group in _VARIABLES:
        names = [{str(item["name"]) for item in job[group]} for job in jobs]
        for name in sorted(set().union(*names) - names[0].intersection(*names)):
            own = f"{group}.{name}"
            for i, one in enumerate(flats):
                flats[i] = {key: text for key, text in one.items() if not key.startswith(f"{own}.")}
                flats[i][own] = "in the model" if name in names[i] else _DASH
    return flats


def _differing(settings: list[dict[str, str]]) -> tuple[list[dict[str, Any]], int]:
    keys = list(dict.fromkeys(key for one in settings for key in one))
    rows = [{"key": key, "values": [one.get(key, _DASH) for one in settings]} for key in keys]
    differing = [row for row in rows if len(set(row["values"])) > 1]
    return differing, len(rows) - len(differing)


def _head(run: Run, manifest: Manifest | None) -> dict[str, Any]:
    chosen = chosen_model(run) if run.has(TRAINING) else None
    state = run.state()
    return {
        "id": str(run),
        "title": f"{run.id.revision} · {run.id.country}",
        "submitted": submitted(run),
        "status": state.status.value,
        "who": state.who,
        "took": duration((manifest.ended - manifest.started).total_seconds()) if manifest else "",
        "best": chosen.candidate if chosen else "",
        "promoted": bool(chosen and chosen.promotion),
    }


def _data(runs: list[Run], manifests: list[Manifest | None]) -> list[dict[str, Any]]:
    described = [_described(run, one) for run, one in zip(runs, manifests, strict=True)]
    return [{"key": key, "values": [one[key] for one in described]} for key in described[0]]


def _described(run: Run, manifest: Manifest | None) -> dict[str, str]:
    rows = dates = columns = _DASH
    if run.has(DATASET):
        table = run.load_table(DATASET.removesuffix(".parquet"))
        rows, columns = f"{len(table):,}", f"{table.shape[1]:,}"
        if run.job.date in table:
            days = table[run.job.date]
            dates = f"{days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"
    changes = run.load_json(CHANGES) if run.has(CHANGES) else []
    checks = run.load_json(CHECKS) if run.has(CHECKS) else []
    review = [check["id"] for check in checks if check["verdict"] == "REVIEW"]
    return {
        "data set (SHA-256)": manifest.receipt.dataset_sha256[:12] if manifest else _DASH,
        "rows": rows,
        "dates": dates,
        "columns": columns,
        "changes in the ledger": f"{len(changes):,}",
        "checks to review": ", ".join(review) or _DASH,
    }


def _environment(manifests: list[Manifest | None]) -> list[dict[str, Any]]:
    facts: list[dict[str, str]] = []
    for manifest in manifests:
        if manifest is None:
            facts.append({})
            continue
        receipt = manifest.receipt
        facts.append(
            {
                "engine": f"{receipt.engine} {receipt.engine_version}",
                "code": receipt.code_commit[:12],
                "python": receipt.python,
                "cores": str(receipt.cores),
                **receipt.packages,
            }
        )
    return _differing(facts)[0]


def _errors(
    runs: list[Run], found: list[Findings | None], hashes: list[str]
) -> list[dict[str, Any]]:
    """Errors of each run; those on other data, or of another measure, have no best one."""
    trained = [(run, of) for run, one, of in zip(runs, found, hashes, strict=True) if one]
    data = {of for _, of in trained}
    same_data = len(data) == 1 and _DASH not in data
    parents = {run.job.refresh_of for run, _ in trained}
    labels = dict.fromkeys(label for one in found if one for label, _ in one.errors)
    rows = []
    for label in labels:
        values = [dict(one.errors).get(label) if one else None for one in found]
        known = [value for value in values if value is not None]
        best = max(known) if label in _HIGHER_IS_BETTER else min(known)
        other = label == _RSSD and len(parents) > 1
        note = "a refresh measures its distance from the refreshed model" if other else ""
        every = len(known) == len(trained)  # a run without studies is no better for it
        asked = {str(run.job.calibration) for run, _ in trained}
        if label == LIFT_DISTANCE and len(asked) > 1:
            other, note = True, "the runs have other lift studies, or none"
        elif len(asked) > 1:
            note = note or "a calibrated run gives up some fit to agree with its lift studies"
        comparable = same_data and not other and every and len(asked) == 1
        rows.append(
            {"key": label, "values": values, "best": best if comparable else None, "note": note}
        )
    return rows


def _channels(runs: list[Run], found: list[Findings | None]) -> list[dict[str, Any]]:
    """ROAS or CPA of every channel with its spread over the near-best models of its run."""
    spreads = [
        read_spread(run, one.best, one.efficiency.lower()).get("channels", {}) if one else {}
        for run, one in zip(runs, found, strict=True)
    ]
    names = dict.fromkeys(row[c.CHANNEL] for one in found if one for row in one.channels)
    rows = []
    for name in names:
        values = []
        for one, spread in zip(found, spreads, strict=True):
            here = {row[c.CHANNEL]: row for row in one.channels} if one else {}
            near = spread.get(name, {})
            values.append(
                {
                    "value": here.get(name, {}).get("efficiency"),
                    "low": near.get("low"),
                    "high": near.get("high"),
                    "effect_share": here.get(name, {}).get(c.EFFECT_SHARE),
                }
            )
        rows.append({"name": name, "values": values})
    return rows


def _changed(
    settings: list[dict[str, Any]],
    data: list[dict[str, Any]],
    environment: list[dict[str, Any]],
    found: list[Findings | None],
) -> list[str]:
    """What one should know before reading the numbers."""
    hashes = data[0]["values"]
    said = []
    if _DASH in hashes:
        said.append("A run has no data set yet.")
    elif len(set(hashes)) == 1:
        said.append("The same data set.")
    else:
        said.append("Different data sets: their errors are not comparable as they stand.")
    count = len(settings)
    said.append(f"{count} settings differ." if count != 1 else "One setting differs.")
    if environment:
        names = ", ".join(row["key"] for row in environment[:6])
        said.append(f"Trained with different software or on another machine: {names}.")
    if len({one.efficiency for one in found if one}) > 1:
        said.append("One run measures ROAS, another CPA: these do not compare.")
    if None in found:
        said.append("A run has no trained model.")
    return said
