"""Refresh: a chosen model of an archived run, continued on newer data as a new run.

``parent`` finds the model, ``continued_job`` writes the job that continues it, ``past`` compares
the data, ``training`` trains and archives it, ``changes`` says what has become of the model.
"""

from mmmlib.refresh.changes import refresh_changes
from mmmlib.refresh.continued_job import continued_job
from mmmlib.refresh.parent import Chosen, chosen_model
from mmmlib.refresh.past import compare_past
from mmmlib.refresh.training import changes_of, shown_changes, train_refresh

__all__ = [
    "Chosen",
    "changes_of",
    "chosen_model",
    "compare_past",
    "continued_job",
    "refresh_changes",
    "shown_changes",
    "train_refresh",
]
