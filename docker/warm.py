"""Compiles the native engine into NUMBA_CACHE_DIR by training small models."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import mmmlib
from mmmlib.data import dataset_of
from mmmlib.engines import ignore, native, open_engine
from mmmlib.job import TrainingJob

# Numba asks whether a source has the time it had, to the nanosecond; an image that was pushed and
# pulled knows whole seconds.
for source in Path(mmmlib.__file__).parent.rglob("*.py"):
    seconds = int(source.stat().st_mtime)
    os.utime(source, (seconds, seconds))

with tempfile.TemporaryDirectory() as root:
    values = TrainingJob.load("demo").to_values()
    small = {"root": root, "iterations": 120, "trials": 2, "channels": []}
    for channel in values["channels"]:  # ranges are those of the adstock
        small["channels"].append(channel | {"ranges": {}})
    for medium in values["organic"]:
        medium["ranges"] = {}
    for adstock in ("geometric", "weibull_cdf", "weibull_pdf"):
        job = TrainingJob.parse(values | small | {"adstock": adstock})
        open_engine(job).train(dataset_of(job), job, ignore)

# Tells the entrypoint whether a copy is this image's.
made_of = Path(os.environ["NUMBA_CACHE_DIR"], "made-of")
made_of.write_text(native.sources_digest())
