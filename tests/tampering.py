"""An ended run made into another one: its files written anew, and its manifest with them."""

from __future__ import annotations

import hashlib
import json

import pandas as pd

from mmmlib.archive.run import MANIFEST, Run, _parquet


def rewrite(run: Run, name: str, data: bytes) -> None:
    """Write an artifact of an ended run as if it had been archived so."""
    if name == MANIFEST:
        manifest = json.loads(data)
    else:
        run.store.put(f"{run.id.folder}/{name}", data)
        manifest = json.loads(run.store.get(f"{run.id.folder}/{MANIFEST}"))
        digest = hashlib.sha256(data).hexdigest()
        manifest["artifacts"][name] = {"size": len(data), "sha256": digest}
    manifest.pop("seal", None)
    run.store.put(f"{run.id.folder}/{MANIFEST}", json.dumps(manifest).encode())
    run.__dict__.pop("_ended", None)


def rewrite_table(run: Run, name: str, table: pd.DataFrame) -> None:
    """Write a table of an ended run as if it had been archived so."""
    rewrite(run, f"{name}.parquet", _parquet(table))
