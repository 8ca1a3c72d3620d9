"""The form's events for files that a browser sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmmlib.ground import MMMError
from mmmlib.ui.train.child import CHILD
from mmmlib.ui.train.form import Values
from mmmlib.ui.train.lists import read_list
from mmmlib.ui.train.tasks import Tasks
from mmmlib.ui.train.traits import FormTraits
from mmmlib.ui.train.uploads import Uploads
from mmmlib.ui.view import Say


class Receiving(FormTraits):
    """Takes a file piece by piece, looks at it where it is a list, and puts it into the form."""

    _values: Values
    _work: Tasks

    def __init__(self, say: Say, **traits: Any) -> None:
        self._uploads = Uploads()
        super().__init__(say, **traits)

    def vue_begin(self, sent: Any) -> None:
        self.refused = {}
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
        """Let the form hold a file that has arrived, or what is in it."""
        values = dict(self._values)

        def answered(found: tuple[Any, list[str]]) -> None:
            value, wrong = found
            if wrong:
                self.refused = {"key": key, "problems": wrong}
            else:
                self.send({"method": "uploaded", "args": [key, value]})

        if key == "file":
            answered((str(path), []))
        else:
            place = str(path)
            self._work.start("list", lambda: CHILD.ask(read_list, key, place, values), answered)
