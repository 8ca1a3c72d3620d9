"""The dashboard: widgets over the archive, and the server that shows them.

``server`` serves ``notebooks/dashboard.ipynb`` with Voilà; the notebook calls
:func:`mmmlib.ui.dashboard.show`. Each page is a folder: ``model.py`` reads the archive and knows
no widget, ``view.py`` holds the widget's traits and events, the ``.vue`` file draws them. Vue
escapes what stands in ``{{ }}`` and in bound attributes; no template may use ``v-html``.
"""

import os

import lazy_loader

from mmmlib.ground import IRI_GRAMMAR, leave_out

leave_out(IRI_GRAMMAR)  # half of a server's start

# Arrow's own allocator keeps what a table once needed; the system's gives most of it back. Each tab
# of the dashboard is a process, so that counts: ten megabytes after the pages were visited.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
