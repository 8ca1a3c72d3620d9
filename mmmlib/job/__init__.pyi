from .changes import (
    changed as changed,
)
from .model import (
    FILE_KEYS as FILE_KEYS,
    JOB_KEYS as JOB_KEYS,
)
from .parse import (
    TrainingJob as TrainingJob,
    beside as beside,
    problem_of as problem_of,
    unknown_keys as unknown_keys,
)
from .parts import (
    Allocator as Allocator,
    Channel as Channel,
    Context as Context,
    Feature as Feature,
    Frozen as Frozen,
    Joined as Joined,
    Organic as Organic,
    Pivot as Pivot,
    Prior as Prior,
    Study as Study,
)
from .ranges import (
    HYPERPARAMETERS as HYPERPARAMETERS,
    LIMITS as LIMITS,
    Adstock as Adstock,
    Kind as Kind,
    Range as Range,
    default_range as default_range,
    outside_limits as outside_limits,
)
from .schema import (
    job_schema as job_schema,
)
from .shipped import (
    JOBS as JOBS,
    job_path as job_path,
)
from .yaml_values import (
    plain_values as plain_values,
    read_text as read_text,
)
