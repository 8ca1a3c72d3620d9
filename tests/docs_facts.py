"""Writes the figures of README and docs from the runs they are of: ``python -m tests.docs_facts``.

``<!--demo.best-->4_1928_1<!---->`` is a figure with its name; a reader does not see the marks. A
candidate that stands without one, as in a command, is the demo's best.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import mmmlib
from mmmlib.archive import Run
from mmmlib.report import truth_table
from mmmlib.simulate import truth_of
from tests.docs_commands import PAGES

MARKED = re.compile(r"<!--([a-z.]+)-->(.*?)<!---->", re.S)
CANDIDATE = re.compile(r"(?<!-->)\b\d_\d+_\d\b")
OTHERS = {"benchmarks.md", "python.md"}  # written by tests.bench and tests.reference


def facts(root: str) -> dict[str, str]:
    """Train what the pages speak of, and say it as they do."""
    demo = mmmlib.train("demo", root=root)
    robyns = mmmlib.train("demo", root=root, optimizer="TwoPointsDE")
    return {
        "demo.best": demo.result.best,
        "robyns.best": robyns.result.best,
        "daily.errors": _errors(mmmlib.train("daily", root=root)),
        **_known(demo),
    }


def _known(run: Run) -> dict[str, str]:
    """How sure the posterior is of each channel, and what share of the money it gets."""
    spend = run.channels.set_index("channel")["spend"]
    said = {}
    for row in run.intervals.itertuples():
        said[f"demo.{row.channel}"] = f"{row.roas:.1f} (90 %: {row.low:.1f} to {row.high:.1f})"
        said[f"demo.{row.channel}.share"] = f"{100 * spend[row.channel] / spend.sum():.0f} %"
    return said


def _errors(run: Run) -> str:
    """How far each channel's ROAS is from the truth, the lowest first."""
    table = truth_table(run.result, run.job, truth_of(run.job))
    errors = table.set_index("channel")["roas_error"].sort_values()
    each = ", ".join(f"{name} {error:+.0%}" for name, error in errors.items())
    return each.replace("-", "−").replace("%", " %")


def figured(text: str, said: dict[str, str]) -> str:
    """A page with its figures as they are."""
    text = CANDIDATE.sub(said["demo.best"], text)
    return MARKED.sub(lambda mark: f"<!--{mark[1]}-->{said[mark[1]]}<!---->", text)


def pages() -> list[Path]:
    """The pages whose figures are these."""
    return [page for page in PAGES if page.name not in OTHERS]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as root:
        said = facts(root)
    for page in pages():
        page.write_text(figured(page.read_text(), said))
