from . import (
    children as children,
    columns as columns,
    errors as errors,
    names as names,
)
from .cores import (
    usable_cores as usable_cores,
)
from .environment import (
    code_commit as code_commit,
    compiled_folders as compiled_folders,
    settings as settings,
)
from .errors import (
    AllocationError as AllocationError,
    DataError as DataError,
    EngineError as EngineError,
    JobError as JobError,
    LaunchError as LaunchError,
    MMMError as MMMError,
    NotebookError as NotebookError,
    Problem as Problem,
    RunError as RunError,
    SnowflakeError as SnowflakeError,
    SourceError as SourceError,
    StoreError as StoreError,
)
from .light_imports import (
    IRI_GRAMMAR as IRI_GRAMMAR,
    imported_without as imported_without,
    leave_out as leave_out,
)
from .logs import (
    FATAL as FATAL,
    Severity as Severity,
    as_json as as_json,
    event as event,
    failure as failure,
    log as log,
    structured as structured,
)
from .names import (
    EXECUTORS as EXECUTORS,
)
from .parquet import (
    read_table as read_table,
)
from .periods import (
    DAYS as DAYS,
    Period as Period,
    period_name as period_name,
    period_of as period_of,
)
from .plain_yaml import (
    yaml_text as yaml_text,
)
from .readable import (
    ReadableRow as ReadableRow,
    ReadableTable as ReadableTable,
)
from .secrets import (
    Secret as Secret,
    scrub as scrub,
    scrub_kernel as scrub_kernel,
    scrub_values as scrub_values,
)
from .sheets import (
    from_sheet as from_sheet,
    to_sheet as to_sheet,
)
from .shown import (
    Shown as Shown,
    card as card,
    figure as figure,
    html_table as html_table,
)
from .variation import (
    ROUNDING as ROUNDING,
    constant as constant,
)
