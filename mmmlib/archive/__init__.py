"""Where a run lives: its folder, its tables, what people decided about it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
