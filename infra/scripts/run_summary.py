"""Print the newest run of a revision and country as Markdown: how it ended, and its channels.

python infra/scripts/run_summary.py ROOT REVISION COUNTRY
"""

from __future__ import annotations

import sys

from mmmlib.archive import TRAINING, Archive, Run, Status, load_result
from mmmlib.ground import columns as c


def summary(run: Run) -> str:
    """Return a heading, and the channel table where the run succeeded."""
    state = run.state()
    lines = [f"### {run.id.country}: {state.status}", "", f"Run `{run}` in `{run.place}`."]
    if state.error:
        lines += ["", "```", state.error, "```"]
    if state.status is Status.SUCCEEDED and run.has(TRAINING):
        lines += ["", *_channels(run)]
    return "\n".join(lines)


def _channels(run: Run) -> list[str]:
    result = load_result(run)
    table = result.channel_table()
    efficiency = c.CPA if run.job.target_type == "conversion" else c.ROAS
    head = ["channel", "spend", "spend share", "effect share", efficiency.upper()]
    lines = [
        f"Best model `{result.best}`, NRMSE {result.errors()[c.NRMSE_TRAIN]:.4f}.",
        "",
        "| " + " | ".join(head) + " |",
        "| --- |" + " ---: |" * (len(head) - 1),
    ]
    for row in table.to_dict("records"):
        cells = [
            str(row[c.CHANNEL]).replace("|", "\\|"),
            f"{row[c.SPEND]:,.0f}",
            f"{row[c.SPEND_SHARE]:.1%}",
            f"{row[c.EFFECT_SHARE]:.1%}",
            f"{row[efficiency]:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    """Read the three arguments; a country without a run is said, not passed over."""
    root, revision, country = sys.argv[1:]
    found = Archive(root).runs(revision, country)
    print(summary(found[0]) if found else f"### {country}: no run\n\nIt ended before it began.")


if __name__ == "__main__":
    main()
