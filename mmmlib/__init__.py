"""MMM Trainer: marketing mix models with Robyn and a fast, exact native engine.

What a person calls is here, imported when it is used, so that ``import mmmlib`` is cheap;
``docs/python.md`` has it all, ``__init__.pyi`` says where it lives.
"""

from importlib.metadata import version

import lazy_loader

__version__ = version("mmmlib")  # git's, of the time when this was installed

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
