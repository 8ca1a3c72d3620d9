from . import (
    checks as checks,
)
from .annotations import (
    load_annotations as load_annotations,
    read_annotations as read_annotations,
)
from .checks import (
    RULES as RULES,
    Finding as Finding,
    Verdict as Verdict,
    check as check,
    findings_of as findings_of,
    sample_of as sample_of,
)
from .checks.collinearity import (
    correlation as correlation,
)
from .checks.media import (
    spend_scores as spend_scores,
)
from .checks.sample import (
    Sample as Sample,
    robust_z as robust_z,
)
from .checks.target import (
    largest_step as largest_step,
    low_stretches as low_stretches,
)
from .dataset import (
    Change as Change,
    Dataset as Dataset,
    load_dataset as load_dataset,
)
from .examples import (
    EXAMPLE_PREFIX as EXAMPLE_PREFIX,
    example_path as example_path,
)
from .extract import (
    dataset_of as dataset_of,
)
from .guess.first import (
    UNKNOWN as UNKNOWN,
    Guess as Guess,
    guess_job as guess_job,
    guess_table as guess_table,
)
from .guess.words import (
    read_name as read_name,
    slug as slug,
)
from .holidays import (
    for_robyn as for_robyn,
    holiday_countries as holiday_countries,
    is_file as is_file,
    iso_code as iso_code,
    read_holidays as read_holidays,
)
from .prepare.ledger import (
    DROPPED as DROPPED,
)
from .prepare.levels import (
    MOST_LEVELS as MOST_LEVELS,
    OTHER as OTHER,
    commonest as commonest,
)
from .prepare.roles import (
    clashes as clashes,
)
from .sources import (
    Listener as Listener,
    Source as Source,
    open_source as open_source,
)
from .sources.endings import (
    FILES as FILES,
    WORKBOOKS as WORKBOOKS,
    is_what_it_says as is_what_it_says,
)
from .sources.preview import (
    Preview as Preview,
)
from .sources.snowflake.cache import (
    cached as cached,
    clear_cache as clear_cache,
)
from .sources.snowflake.connections import (
    TYPED_PREFIX as TYPED_PREFIX,
    TypedConnection as TypedConnection,
    known_connections as known_connections,
)
from .sources.snowflake.preview import (
    try_connection as try_connection,
)
from .sources.text_encoding import (
    encoding_of as encoding_of,
)
