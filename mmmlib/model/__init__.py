"""What a fit is, whichever engine made it: its input, its tables, its curves, its JSON."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
