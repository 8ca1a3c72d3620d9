"""Models in Robyn's own JSON format: made of a result, written, read and checked.

Format: Robyn ``R/json.R: robyn_write, robyn_read``. A file holds what was asked for
(``InputCollect``), how it was searched (``ModelsCollect``) and one candidate with its errors and
decomposition (``ExportedModel``); the raw data only where asked for (``Extras``).
"""

from mmmlib.model.json.model import ExportedModel, Variable, file_name
from mmmlib.model.json.of_result import holiday_country, model_of, variables_of
from mmmlib.model.json.read import read_model
from mmmlib.model.json.write import write_model

__all__ = [
    "ExportedModel",
    "Variable",
    "file_name",
    "holiday_country",
    "model_of",
    "read_model",
    "variables_of",
    "write_model",
]
