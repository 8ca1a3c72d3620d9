"""MMM Trainer: marketing mix models with Robyn and a fast, exact native engine.

Importing the package is cheap: numba, prophet, matplotlib and the cloud clients are imported by
the modules that use them, at the moment they are used.
"""

__version__ = "0.1.0"
