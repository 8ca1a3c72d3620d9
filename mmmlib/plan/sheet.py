"""A plan as text for a terminal, and as a file for a spreadsheet."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mmmlib.ground import StoreError, columns as c, to_sheet
from mmmlib.plan.allocation import Allocation


def plan_text(allocation: Allocation, period: str = "period") -> str:
    """The plan, its figures and its warnings, for people."""
    efficiency, table = allocation.efficiency.upper(), allocation.table
    shown = pd.DataFrame(
        {
            "channel": table[c.CHANNEL],
            "spend now": table[c.CURRENT_SPEND].map(_whole),
            "planned": table[c.PLANNED_SPEND].map(_whole),
            "change": (table[c.PLANNED_SPEND] / table[c.CURRENT_SPEND] - 1).map(_signed),
            f"{efficiency} now": table[c.CURRENT_EFFICIENCY].map(_figure),
            f"{efficiency} planned": table[c.PLANNED_EFFICIENCY].map(_figure),
            "marginal now": table[c.CURRENT_MARGINAL].map(_figure),
            "marginal planned": table[c.PLANNED_MARGINAL].map(_figure),
            "bound": table[c.BINDING],
        }
    )
    metrics = {row[c.METRIC]: row for row in allocation.metrics().to_dict("records")}
    lines = [f"{allocation.scenario}, per {period}, for {allocation.periods} {period}s"]
    lines += ["", shown.to_string(index=False), ""]
    for name in ("spend_per_period", "response_per_period", allocation.efficiency):
        now, then, lift = (metrics[name][key] for key in (c.CURRENT, c.PLANNED, c.LIFT_PERCENT))
        label = name.replace("_per_period", "") if "_" in name else name.upper()
        lines.append(f"{label}: {_figure(now)} → {_figure(then)} ({_signed(lift / 100)})")
    if allocation.target is not None:
        lines.append(f"target {efficiency}: {_figure(allocation.target)}")
    lines.append(
        f"optimality: first-order residual {allocation.kkt_residual:.1e},"
        f" at most {allocation.gap:.1e} below the best plan possible"
    )
    if allocation.uplift is not None:
        lines.append(allocation.uplift.words())
    lines += [f"  ! {warning}" for warning in allocation.warnings]
    return "\n".join(lines)


def write_plan(allocation: Allocation, path: Path) -> None:
    """Write the plan as ``.csv`` (the table) or ``.xlsx`` (table, figures, warnings).

    Raises
    ------
    StoreError
        The file is neither, or cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise StoreError(f"{path}: a plan is written as .csv or .xlsx; choose one of them")
    data = plan_xlsx(allocation) if suffix == ".xlsx" else to_sheet(allocation.table)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error


def plan_xlsx(allocation: Allocation) -> bytes:
    """A workbook with the sheets plan, figures and warnings."""
    warnings = pd.DataFrame({"warning": list(allocation.warnings)}, dtype=object)
    return workbook(
        {"plan": allocation.table, "figures": allocation.metrics(), "warnings": warnings}
    )


def workbook(sheets: Mapping[str, pd.DataFrame]) -> bytes:
    """A workbook of tables; text is never a formula."""
    from openpyxl import Workbook

    book = Workbook()
    for place, (name, table) in enumerate(sheets.items()):
        sheet = book.active if place == 0 else book.create_sheet()
        sheet.title = name
        sheet.append(list(table))
        for row in table.itertuples(index=False):
            sheet.append([_cell(value) for value in row])
        for cells in sheet.iter_rows():
            for cell in cells:
                if isinstance(cell.value, str):
                    cell.data_type = "s"
        sheet.freeze_panes = "B2"
        for column in sheet.columns:
            widest = max(len(str(cell.value or "")) for cell in column)
            sheet.column_dimensions[column[0].column_letter].width = min(40, widest + 2)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    """What a spreadsheet has no number for is empty, or a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "infinite"
    return value


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _figure(value: float) -> str:
    if value != value:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


def _signed(share: float) -> str:
    return "–" if share != share or abs(share) == float("inf") else f"{share:+.1%}"
