"""One-pagers and figures for files and notebooks; matplotlib is imported when one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from mmmlib.allocate import Allocation
    from mmmlib.job import TrainingJob
    from mmmlib.result import TrainingResult


def one_pager(
    result: TrainingResult,
    job: TrainingJob,
    allocation: Allocation | None = None,
    annotations: pd.DataFrame | None = None,
) -> bytes:
    """Draw the best model on one page; see :func:`mmmlib.report.onepager.one_pager`."""
    from mmmlib.report import onepager

    return onepager.one_pager(result, job, allocation, annotations)
