"""Refresh: a chosen model of an archived run, continued on newer data as a new run.

``parent`` finds the model, ``continued_job`` writes the job that continues it, ``restated``
compares the data, ``training`` trains and archives it, ``changes`` says what has become of the
model.
"""

from mmmlib.run.refresh.changes import refresh_changes
from mmmlib.run.refresh.continued_job import continued_job
from mmmlib.run.refresh.parent import ParentModel, find_parent
from mmmlib.run.refresh.restated import compare_past
from mmmlib.run.refresh.training import changes_of, shown_changes, train_refresh

__all__ = [
    "ParentModel",
    "changes_of",
    "compare_past",
    "continued_job",
    "find_parent",
    "refresh_changes",
    "shown_changes",
    "train_refresh",
]
