"""What is asked: the job, its keys, what contradicts what, and how a ``job.yaml`` becomes one."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
