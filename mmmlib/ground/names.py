"""Names a job may use, and the import path behind each; imported on first use.

Adding an engine, a source, a store or an executor is one line here and one module there.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

ENGINES = {
    "native": "mmmlib.engines.native.engine:NativeEngine",
    "robyn": "mmmlib.engines.robyn.engine:RobynEngine",
    "bayes": "mmmlib.engines.bayes.engine:BayesEngine",
}
SOURCES = {
    "duckdb": "mmmlib.data.sources.duckdb:DuckDBSource",
    "snowflake": "mmmlib.data.sources.snowflake.source:SnowflakeSource",
}
# What an engine imports when it trains: a kernel that waits for its notebook has time for it.
PRELOADS = {
    "native": ("prophet", "pymoo.operators.crossover.sbx", "mmmlib.engines.native.trials"),
    "bayes": ("mmmlib.engines.bayes.results", "scipy.stats"),
}
STORES = {
    "file": "mmmlib.archive.stores.local:LocalStore",
    "gs": "mmmlib.archive.stores.gcs:GcsStore",
}
EXECUTORS = {
    "local": "mmmlib.launching.local:LocalExecutor",
    "cloudrun": "mmmlib.launching.cloudrun:CloudRunExecutor",
    "dask": "mmmlib.launching.dask:DaskExecutor",
}


def load(path: str) -> Any:
    """Import ``package.module:attribute`` and return the attribute."""
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)
