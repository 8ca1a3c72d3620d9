"""What people decided about the run; notes, keep and delete."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, List

from mmmlib.archive import Kind, decisions_of, delete_run, is_kept, keep, note, release
from mmmlib.ui.run.panel import Panel

_WORDS = {Kind.PROMOTED: "promoted", Kind.KEPT: "kept the run", Kind.RELEASED: "released the run"}


class NotesView(Panel):
    """Tab Notes."""

    drawn_by = (__file__, "notes.vue")
    lines: List[dict[str, Any]] = List().tag(sync=True)  # newest first
    kept = Bool(False).tag(sync=True)

    def fill(self) -> None:
        self.lines = [
            {
                "kind": item.kind.value,
                "words": _WORDS.get(item.kind, ""),
                "at": f"{item.at:%Y-%m-%d %H:%M:%S}",
                "who": item.who,
                "candidate": item.candidate,
                "text": item.text,
            }
            for item in reversed(decisions_of(self.run))
        ]
        self.kept = is_kept(self.run)

    def vue_write(self, text: str) -> None:
        note(self.run, self.session.user, str(text or ""))
        self._again()

    def vue_keep(self, why: str) -> None:
        keep(self.run, self.session.user, str(why or ""))
        self._again()

    def vue_release(self, why: str) -> None:
        release(self.run, self.session.user, str(why or ""))
        self._again()

    def vue_remove(self, why: str) -> None:
        """Delete the run and leave its page."""
        delete_run(self.run, self.session.user, str(why or ""))
        self.session.go("")

    def _again(self) -> None:
        self.fill()
        self.changed()
