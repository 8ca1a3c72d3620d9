"""The report as a manager reads it: the answer in words, then what it rests on.

One file: styles, script and charts are in it, and its own policy forbids it to load anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pandas as pd

from mmmlib.archive import CHANGES, CHECKS, Run, lifts_of
from mmmlib.data import checks as data_checks, findings_of
from mmmlib.ground import columns as c
from mmmlib.model import TrainingResult, fit_said
from mmmlib.plan import Allocation
from mmmlib.report import plan as plan_panel, select
from mmmlib.report.html.glossary import WORDS, explained
from mmmlib.report.html.svg import (
    Drawn,
    area_chart,
    curve_chart,
    interval_bar,
    line_chart,
    thinned,
)
from mmmlib.report.text import percent, short

PRINTED: Final = 12  # rows of a table, and curves, that go on paper; the rest is for the screen
REACH: Final = 4.0  # times the average spend today that a curve is drawn to
AREAS: Final = 8  # that have a colour of their own
COLOURS: Final = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800", "#8c6bb1",
)  # fmt: skip
REST: Final = "#8a94a0"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


@dataclass(frozen=True)
class TableColumn:
    """A column of a table: its heading as HTML, whether it is text, and cells with their order."""

    heading: str
    cells: Sequence[tuple[str, Any]]  # HTML, and what it is sorted by
    text: bool = False


def html_report(run: Run, result: TrainingResult, allocation: Allocation | None = None) -> bytes:
    """The report on the best model of a result.

    Parameters
    ----------
    run : Run
        Its job, change ledger and checks; nothing is written into it.
    result : TrainingResult
    allocation : Allocation, optional
        The plan that is shown.

    Returns
    -------
    bytes
        UTF-8 HTML that loads nothing; equal for equal inputs.
    """
    own = files("mmmlib.report.html")
    style, script = (own.joinpath(f"report.{kind}").read_text("utf-8") for kind in ("css", "js"))
    title = f"{run.id.revision} · {run.id.country}: what marketing brings"
    body = "\n".join(
        (
            *_head(run, result, title),
            *_answer(run, result, allocation),
            *_channels(run, result),
            *_curves(result, allocation),
            *_over_time(result),
            *_plan(result, allocation),
            *_lifts(run, result),
            *_certainty(run, result),
            *_changes(run),
            *_words(),
        )
    )
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n<script>{script}</script>\n</body>\n</html>\n"
    )
    return page.encode()


def _head(run: Run, result: TrainingResult, title: str) -> Iterator[str]:
    dates, job = select.dates(result), run.job
    yield f"<h1>{escape(title)}</h1>"
    yield (
        f'<p class="quiet">{escape(job.target)}, {dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}'
        f" ({len(dates)} {select.period(result)}s). Run {escape(str(run.id))}, model"
        f" {escape(result.best)}, computed by {escape(result.engine)}.</p>"
    )


def _answer(run: Run, result: TrainingResult, allocation: Allocation | None) -> Iterator[str]:
    yield '<section class="answer" aria-label="The answer">'
    yield f"<p><b>{escape(select.message(result, run.job.target_type))}.</b></p>"
    yield f"<p>{escape(select.media_sentence(result))} {_fit(result)}</p>"
    if allocation is not None:
        yield f"<p>{_planned(allocation, select.period(result))}</p>"
    yield "</section>"


def _fit(result: TrainingResult) -> str:
    errors = result.errors()
    said, unseen = fit_said(errors), errors[c.NRMSE_TEST]
    if unseen == unseen:
        said += (
            f" In periods that it had not seen, its typical miss is {unseen:.1%} of their range."
        )
    return escape(said, quote=False)


def _planned(allocation: Allocation, period: str) -> str:
    said = plan_panel.summary(replace(allocation, warnings=()), period)
    sure = (
        f" How sure that is: {escape(allocation.uplift.words())}."
        if allocation.uplift
        else " How sure that gain is cannot be said: there is no posterior that has converged."
    )
    return f"The plan: {escape(said)} by the model.{sure}"


def _channels(run: Run, result: TrainingResult) -> Iterator[str]:
    table, known = result.channel_table(), select.posterior(result)
    revenue = run.job.target_type == "revenue"
    name, word = (c.ROAS, "ROAS") if revenue else (c.CPA, "conversion, CPA")
    plain = "Return (ROAS)" if revenue else "Cost of one (CPA)"
    yield "<h2>What each channel brings</h2>"
    columns = [
        TableColumn("Channel", [_text(one) for one in table[c.CHANNEL]], text=True),
        TableColumn("Spend", _amounts(table[c.SPEND])),
        TableColumn("of spend", _percents(table[c.SPEND_SHARE])),
        TableColumn(
            explained("of effect", "contribution, effect"), _percents(table[c.EFFECT_SHARE])
        ),
        TableColumn(explained(plain, word), _amounts(table[name])),
    ]
    if len(known):
        rows = known.set_index(c.CHANNEL).reindex(table[c.CHANNEL])
        most = float(rows[c.HIGH].max())
        bars = [
            interval_bar(low, mean, high, most) if math.isfinite(mean) else ""
            for low, mean, high in zip(rows[c.LOW], rows[c.MEAN], rows[c.HIGH], strict=True)
        ]
        ranges = [
            (f"{short(mean)} ({short(low)} to {short(high)})<br>{bar}" if bar else "", _order(mean))
            for mean, low, high, bar in zip(
                rows[c.MEAN], rows[c.LOW], rows[c.HIGH], bars, strict=True
            )
        ]
        share = percent(float(known[c.LEVEL].iloc[0]))
        level = explained(f"its mean and {share} interval", "interval")
        columns += [
            TableColumn(level, ranges),
            TableColumn(
                explained("how well known", "identified"),
                [_text(one) if isinstance(one, str) else ("", "") for one in rows[c.KNOWN]],
                text=True,
            ),
        ]
    if revenue:
        next_unit = explained("next unit brings", "marginal ROAS")
        columns.append(TableColumn(next_unit, _amounts(table[c.CURRENT_MARGINAL])))
    yield _table(columns)
    if len(known):
        yield (
            '<p class="quiet">Mean and interval are those of the'
            f" {explained('posterior', 'posterior')}: by it the truth lies in the interval with"
            " the probability it names. The model shown was chosen by another rule where its figure"
            " is another. Channels whose intervals overlap cannot be told apart.</p>"
        )
    else:
        yield (
            '<p class="review">There is no posterior that has converged: how sure these figures'
            " are is not known.</p>"
        )


def _curves(result: TrainingResult, allocation: Allocation | None) -> Iterator[str]:
    ever = {} if allocation is None else dict(
        allocation.table[[c.CHANNEL, c.MOST_EVER]].dropna().to_numpy()
    )  # fmt: skip
    period = select.period(result)
    yield f"<h2>What more spend would bring, per {period}</h2>"
    yield (
        f'<p class="quiet">{explained("Diminishing returns", "saturation")}: the flatter'
        " the line, the less another unit of money brings. Dot: an average"
        f" {period} today."
        + (" Dashed: more than was ever spent; only the formula speaks.</p>" if ever else "</p>")
    )
    today = result.best_channels().set_index(c.CHANNEL)
    at = {
        name: dict(zip(today.index, today[name].to_numpy(dtype=np.float64), strict=True))
        for name in (c.CURRENT_SPEND, c.CURRENT_RESPONSE)
    }
    drawn = []
    for channel in result.channel_table()[c.CHANNEL]:
        spend, response = select.grid_response(result, channel)
        now = float(at[c.CURRENT_SPEND][channel])
        here = (now, float(at[c.CURRENT_RESPONSE][channel]))
        reach = spend <= (REACH * now if now > 0 else math.inf)
        step = max(1, int(reach.sum()) // 60)
        seen = float(ever[channel]) if channel in ever else math.inf
        drawn.append(
            curve_chart(channel, spend[reach][::step], response[reach][::step], here, seen)
        )
    first, rest = "".join(drawn[:PRINTED]), "".join(drawn[PRINTED:])
    yield f'<div class="curves">{first}</div>'
    if rest:
        yield f'<div class="curves screen">{rest}</div>{_on_screen(len(drawn) - PRINTED)}'


def _over_time(result: TrainingResult) -> Iterator[str]:
    table, period = select.over_time(result), select.period(result)
    together = thinned(len(table))
    starts = np.arange(0, len(table), together)
    texts = [f"{date:%Y-%m-%d}" for date in table[c.DATE].iloc[starts]]
    of = f"mean of {together} {period}s" if together > 1 else f"per {period}"

    def thin(values: Any) -> np.ndarray:
        numbers = np.asarray(values, dtype=np.float64)
        return np.asarray(np.add.reduceat(numbers, starts)) / np.diff([*starts, len(numbers)])

    yield "<h2>How well the model follows what happened</h2>"
    yield f'<p class="quiet">Actual and modelled {of}. {_held_out(table)}</p>'
    yield line_chart(
        "Actual and modelled target over time",
        texts,
        [
            Drawn("actual", "var(--ink)", thin(table[c.ACTUAL])),
            Drawn("modelled", "var(--blue)", thin(table[c.FITTED])),
        ],
    )
    yield "<h2>What the target is made of</h2>"
    yield (
        f'<p class="quiet">{explained("Baseline", "baseline")}: what would have been sold without'
        f" media. In units of the target, {of}.</p>"
    )
    parts = [
        Drawn(name, colour, thin(values)) for name, colour, values in _parts(result, table[c.DATE])
    ]
    yield area_chart("What the modelled target is made of over time", texts, parts)


def _held_out(table: pd.DataFrame) -> str:
    held = table[table[c.SPLIT] != "train"]
    if held.empty:
        return "The model has seen every period: nothing was held out."
    return f"From {held[c.DATE].min():%Y-%m-%d} on the model had not seen what happened."


def _parts(result: TrainingResult, dates: pd.Series) -> Iterator[tuple[str, str, np.ndarray]]:
    """Baseline, then media, the largest first; what has no colour of its own is one part."""
    totals, table = select.decomposition(result), result.decomposition_over_time
    wide = (
        table[table[c.CANDIDATE] == result.best]
        .pivot(index=c.DATE, columns=c.VARIABLE, values=c.CONTRIBUTION)
        .loc[dates]
    )
    media = totals[totals[c.ROLE].isin(["paid", "organic"])]
    order = media[c.VARIABLE][media[c.CONTRIBUTION_SHARE].abs().sort_values().index[::-1]]
    names = [name for name in order if name in wide]
    base = wide.drop(columns=[*names, c.ACTUAL, c.FITTED])
    yield "baseline", REST, base.sum(axis=1).to_numpy()
    own = names if len(names) <= AREAS else names[: AREAS - 1]
    for name, colour in zip(own, COLOURS, strict=False):
        yield name, colour, wide[name].to_numpy()
    if others := names[len(own) :]:
        yield f"{len(others)} smaller media", COLOURS[-1], wide[others].sum(axis=1).to_numpy()


def _plan(result: TrainingResult, allocation: Allocation | None) -> Iterator[str]:
    if allocation is None:
        return
    table = allocation.table.sort_values(c.CURRENT_SPEND, ascending=False, kind="stable")
    now, then = table[c.CURRENT_SPEND], table[c.PLANNED_SPEND]
    moved = [b / a - 1 if a else math.nan for a, b in zip(now, then, strict=True)]
    yield f"<h2>Where the next budget should go, per {select.period(result)}</h2>"
    yield f"<p>{_planned(allocation, select.period(result))}</p>"
    yield _table(
        [
            TableColumn("Channel", [_text(one) for one in table[c.CHANNEL]], text=True),
            TableColumn("Spend today", _amounts(now)),
            TableColumn("planned", _amounts(then)),
            TableColumn("change", [(percent(one, signed=True), _order(one)) for one in moved]),
            TableColumn(
                explained("Response today", "response"), _amounts(table[c.CURRENT_RESPONSE])
            ),
            TableColumn("planned", _amounts(table[c.PLANNED_RESPONSE])),
            TableColumn("stands on its bound", [_text(one) for one in table[c.BINDING]], text=True),
        ]
    )
    yield _listed(f'<span class="review">Note</span>: {escape(w)}' for w in allocation.warnings)


def _lifts(run: Run, result: TrainingResult) -> Iterator[str]:
    if not run.job.calibration:
        return
    table = lifts_of(run, result.best)
    off = table["difference"]
    yield f"<h2>Measured beside modelled ({explained('lift studies', 'lift study')})</h2>"
    yield (
        f"<p>The model's answer differs from the {len(table)} measured"
        f" lift{'' if len(table) == 1 else 's'} by {percent(float(off.abs().mean()))} on"
        " average.</p>"
    )
    yield _table(
        [
            TableColumn("Channels", [_text(one) for one in table["channels"]], text=True),
            TableColumn("from", [_text(one) for one in table["start"]]),
            TableColumn("to", [_text(one) for one in table["end"]]),
            TableColumn("measured", _amounts(table["measured"])),
            TableColumn("modelled", _amounts(table["modelled"])),
            TableColumn("difference", [(percent(one, signed=True), _order(one)) for one in off]),
        ]
    )


def _certainty(run: Run, result: TrainingResult) -> Iterator[str]:
    yield "<h2>How sure we are, and why</h2>"
    yield f"<p>{_fit(result)}</p>"
    errors = result.errors_said()
    yield f'<p class="quiet">The figures behind it: {escape(errors)}.</p>'
    said = [
        (bool(good), str(words))
        for table in (result.posterior, result.convergence)
        if c.VERDICT in table
        for good, words in table[[c.CONVERGED, c.VERDICT]].drop_duplicates().to_numpy()
    ]
    yield _listed(
        f'<span class="{"good" if good else "review"}">'
        f"{'Converged' if good else 'Not converged'}</span>: {escape(words)}"
        for good, words in said
    )
    found = findings_of(run.load_json(CHECKS)) if run.has(CHECKS) else ()
    review = [one for one in found if one.verdict is not data_checks.Verdict.PASS]
    if found:
        passed = len(found) - len(review)
        yield (
            f"<p>Of {len(found)} answers of the data checks {passed} pass"
            f"{', ' + str(len(review)) + ' ask for a look' if review else ''}.</p>"
        )
    yield _listed(
        f'<span class="review">{one.verdict}</span> {escape(one.where)}: {escape(one.advice)}'
        for one in review
    )


def _changes(run: Run) -> Iterator[str]:
    rows: list[dict[str, Any]] = run.load_json(CHANGES) if run.has(CHANGES) else []
    yield f"<h2>What was changed in the data ({explained('ledger', 'change ledger')})</h2>"
    if not rows:
        yield "<p>Nothing.</p>"
        return
    heads = {"what": "What", "where": "where", "count": "values", "why": "why"}
    yield _table(
        [
            TableColumn(head, [_text(str(row.get(key, ""))) for row in rows], text=key != "count")
            for key, head in heads.items()
        ]
    )


def _words() -> Iterator[str]:
    terms = "".join(
        f"<dt><b>{escape(word)}</b></dt><dd>{escape(meaning.replace('`', ''))}</dd>"
        for word, meaning in WORDS.items()
    )
    yield f"<details><summary>The words of this report</summary><dl>{terms}</dl></details>"


def _text(value: str) -> tuple[str, str]:
    return escape(value), value


def _amounts(values: Iterable[float]) -> list[tuple[str, Any]]:
    return [(short(float(one)), _order(float(one))) for one in values]


def _percents(values: Iterable[float]) -> list[tuple[str, Any]]:
    return [(percent(float(one)), _order(float(one))) for one in values]


def _order(value: float) -> Any:
    return value if math.isfinite(value) else ""


def _table(columns: Sequence[TableColumn]) -> str:
    """A table whose headings sort it; rows beyond those that go on paper stay on the screen."""
    heads = "".join(
        f'<th scope="col"{_class(one)}><button type="button">{one.heading}</button></th>'
        if "<abbr" not in one.heading
        else f'<th scope="col"{_class(one)}>{one.heading} <button type="button" class="screen"'
        ' aria-label="sort">⇅</button></th>'
        for one in columns
    )
    rows, count = "", len(columns[0].cells)
    for place in range(count):
        cells = "".join(
            f'<td{_class(one)} data-value="{escape(str(one.cells[place][1]))}">'
            f"{one.cells[place][0]}</td>"
            for one in columns
        )
        rows += f"<tr{' class=screen' if place >= PRINTED else ''}>{cells}</tr>"
    return (
        '<div class="wide" tabindex="0" role="group" aria-label="Table"><table class="sorts">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        + (_on_screen(count - PRINTED) if count > PRINTED else "")
    )


def _class(column: TableColumn) -> str:
    return ' class="text"' if column.text else ""


def _listed(items: Iterable[str]) -> str:
    found = list(items)
    if not found:
        return ""
    shown = "".join(
        f"<li{' class=screen' if place >= PRINTED else ''}>{one}</li>"
        for place, one in enumerate(found)
    )
    more = _on_screen(len(found) - PRINTED) if len(found) > PRINTED else ""
    return f"<ul>{shown}</ul>{more}"


def _on_screen(count: int) -> str:
    return f'<p class="printed quiet">{count} more in the file on screen.</p>'
