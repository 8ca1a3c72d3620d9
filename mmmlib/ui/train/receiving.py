"""The form's events for files that a browser sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmmlib.errors import MMMError
from mmmlib.ui.train.traits import FormTraits
from mmmlib.ui.train.uploads import Uploads
from mmmlib.ui.view import Say


class Receiving(FormTraits):
    """Takes a file piece by piece, and says where it is kept."""

    def __init__(self, say: Say, **traits: Any) -> None:
        self._uploads = Uploads()
        super().__init__(say, **traits)

    def vue_begin(self, sent: Any) -> None:
        try:
            self._uploads.begin(str(sent["key"]), str(sent["name"]), int(sent["size"]))
        except MMMError:
            self.upload = {}
            raise
        self.upload = {"key": str(sent["key"]), "share": 0.0}
        self.send({"method": "more", "args": []})

    def vue_piece(self, piece: Any) -> None:
        try:
            done = self._uploads.take(str(piece))
        except MMMError:
            self.upload = {}
            raise
        if done is None:
            self.upload = self.upload | {"share": self._uploads.share()}
            self.send({"method": "more", "args": []})
            return
        key, path = done
        self.upload = {}
        self.received(key, path)

    def received(self, key: str, path: Path) -> None:
        """Let the form's field hold a file that has arrived."""
        self.send({"method": "uploaded", "args": [key, str(path)]})
