"""Names a job may use, and the import path behind each; imported on first use.

Adding an engine, a source, a store or an executor is one line here and one module there.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

ENGINES = {
    "native": "mmmlib.engines.native.engine:NativeEngine",
}
SOURCES = {
    "duckdb": "mmmlib.sources.duckdb:DuckDBSource",
}
STORES = {
    "file": "mmmlib.stores.local:LocalStore",
}
EXECUTORS = {
    "local": "mmmlib.launch.local:LocalExecutor",
    "cloudrun": "mmmlib.launch.cloudrun:CloudRunExecutor",
    "dask": "mmmlib.launch.dask:DaskExecutor",
}


def load(path: str) -> Any:
    """Import ``package.module:attribute`` and return the attribute."""
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)
