from . import (
    figures as figures,
    style as style,
)
from .html.document import (
    html_report as html_report,
)
from .onepager import (
    one_pager as one_pager,
    page as page,
)
from .preview import (
    preview_figure as preview_figure,
)
from .select import (
    posterior as posterior,
)
from .truth import (
    truth_figure as truth_figure,
    truth_table as truth_table,
)
