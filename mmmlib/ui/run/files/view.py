"""Every artifact of the run and their download."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Dict, List, Unicode

from mmmlib.archive import zip_run
from mmmlib.ground import RunError
from mmmlib.ui.background import in_background
from mmmlib.ui.run.download import LIMIT, readable, send_artifact
from mmmlib.ui.run.panel import Panel


class FilesView(Panel):
    """Tab Files."""

    drawn_by = (__file__, "files.vue")
    artifacts: List[dict[str, Any]] = List().tag(sync=True)
    place = Unicode().tag(sync=True)
    total = Unicode().tag(sync=True)
    packing = Bool(False).tag(sync=True)
    hashed = Dict().tag(sync=True)  # SHA-256 by name, from the manifest of an ended run

    def fill(self) -> None:
        found = self.run.artifacts()
        self.place = self.run.place
        self.total = readable(sum(found.values()))
        ended = self.run.manifest
        self.hashed = {name: one.sha256 for name, one in ended.artifacts.items()} if ended else {}
        self.artifacts = [
            {"name": name, "bytes": size, "size": readable(size)} for name, size in found.items()
        ]

    def vue_download(self, name: str) -> None:
        """Send an artifact: by link where the store has one, otherwise its bytes."""
        send_artifact(self.session, self.run, str(name))

    def vue_pack(self, _: object) -> None:
        """Send all artifacts as one zip file."""
        if self.packing:
            return
        size = sum(self.run.artifacts().values())
        if size > LIMIT:
            raise RunError(
                f"run {self.run} has {readable(size)}, too much for the browser; "
                f"copy it from {self.run.place}"
            )
        self.packing = True
        in_background(self._pack, self.say)

    def _pack(self) -> None:
        try:
            data = b"".join(zip_run(self.run))
            name = str(self.run).replace("/", "_") + ".zip"
            self.session.save(name, data)
        finally:
            self.packing = False
