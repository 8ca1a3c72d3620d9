from .candidates import (
    Model as Model,
    Transformed as Transformed,
    saturation as saturation,
)
from .compiled import (
    lacks_cache as lacks_cache,
    sources_digest as sources_digest,
)
from .curves import (
    GRID_POINTS as GRID_POINTS,
    GRID_REACH as GRID_REACH,
    channel_table as channel_table,
    marginal as marginal,
    of_channels as of_channels,
    response_curves as response_curves,
)
from .decompose import (
    design_matrix as design_matrix,
    over_time as over_time,
    totals as totals,
)
from .evaluate import (
    evaluate_batch as evaluate_batch,
    fill_media as fill_media,
)
from .inputs import (
    prepare as prepare,
)
from .refresh import (
    Continuation as Continuation,
)
from .results import (
    ERROR_COLUMNS as ERROR_COLUMNS,
)
