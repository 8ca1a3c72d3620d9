"""Data checks in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from rich.console import Console
from rich.markup import escape

from mmmlib.cli.tables import coloured, table
from mmmlib.data import Finding, Verdict
from mmmlib.ground import columns as c, figure


def show_findings(out: Console, findings: Sequence[Finding], passed: bool = True) -> None:
    """Verdicts as a table; below it what to do about those that do not pass."""
    counts = {verdict: sum(f.verdict is verdict for f in findings) for verdict in Verdict}
    out.print("Data checks: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    bad = [finding for finding in findings if finding.verdict is not Verdict.PASS]
    shown = table("verdict", "check", "where", ">value", ">threshold")
    for finding in findings if passed else bad:
        shown.add_row(
            coloured(finding.verdict),
            finding.id,
            escape(finding.where),
            figure(finding.value),
            figure(finding.threshold),
        )
    if shown.row_count:
        out.print(shown)
    for finding in bad:
        out.print(f"  - {escape(f'{finding.id}, {finding.where}: {finding.advice}')}")


def show_expected(out: Console, expected: pd.DataFrame) -> None:
    """What error to expect of each channel, the best known first."""
    from mmmlib.engines import WORLDS

    out.print(f"What could be known: medians of {WORLDS} worlds simulated on this spend")
    shown = table("channel", ">error", ">nine in ten below", ">interval, high / low", "would be")
    for row in expected.sort_values(c.ERROR).to_dict("records"):
        shown.add_row(
            escape(row[c.CHANNEL]),
            f"{row[c.ERROR]:.0%}",
            f"{row[c.HIGH]:.0%}",
            figure(row[c.FACTOR]),
            row[c.KNOWN],
        )
    out.print(shown)
