"""Who fits: every engine trains a job on a dataset and says what it does meanwhile."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
