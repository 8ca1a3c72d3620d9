"""Models in Robyn's own JSON format: made of a result, written, read and checked.

Format: Robyn ``R/json.R: robyn_write, robyn_read``. A file holds what was asked for
(``InputCollect``), how it was searched (``ModelsCollect``) and one candidate with its errors and
decomposition (``ExportedModel``); the raw data only where asked for (``Extras``).
"""

from mmmlib.exported.model import ExportedModel, Variable, file_name
from mmmlib.exported.of_result import model_of
from mmmlib.exported.read import read_model
from mmmlib.exported.write import write_model

__all__ = ["ExportedModel", "Variable", "file_name", "model_of", "read_model", "write_model"]
