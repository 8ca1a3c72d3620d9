"""Simulated marketing data whose truth is known: ``mmm simulate`` and the daily example."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
