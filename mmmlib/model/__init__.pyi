from . import adstock as adstock, splits as splits
from .adstock import (
    FloatArray as FloatArray,
)
from .curves import (
    Curves as Curves,
    Floats as Floats,
)
from .inputs import (
    DAY as DAY,
    ModelInput as ModelInput,
    study_rows as study_rows,
    window_rows as window_rows,
)
from .json import (
    ExportedModel as ExportedModel,
    file_name as file_name,
    holiday_country as holiday_country,
    model_of as model_of,
    read_model as read_model,
    variables_of as variables_of,
    write_model as write_model,
)
from .parent import (
    MOSTLY_NEW as MOSTLY_NEW,
    Parent as Parent,
)
from .response import Response as Response
from .result import (
    ADDED_TABLES as ADDED_TABLES,
    ROBYNS_ALLOCATION as ROBYNS_ALLOCATION,
    TABLES as TABLES,
    TrainingResult as TrainingResult,
    fit_said as fit_said,
)
