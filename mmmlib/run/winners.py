"""The one-pagers of the cluster winners, drawn beside the notebook's own work.

A page takes more than a second of one core, and nothing but the archived result. So a process of
its own draws them from the first to the last, while the kernel goes on with the next cells; when
the kernel wants them it draws from the last to the first, until they meet. Whoever comes second to
a page finds it in the archive; a page that both draw is the same, byte by byte.
"""

from __future__ import annotations

import subprocess
import tempfile
import weakref
from contextlib import ExitStack

from mmmlib.archive import ANNOTATIONS, Archive, Run, load_result
from mmmlib.data import read_annotations
from mmmlib.ground import RunError, children, usable_cores
from mmmlib.model import TrainingResult

WORTH_IT = 2  # pages; a process of its own takes as long to start as one page to draw


class WinnersPages:
    """The pages of a run's winners, apart from the best model's.

    Parameters
    ----------
    run : Run
        Its result is archived.
    result : TrainingResult
    """

    def __init__(self, run: Run, result: TrainingResult) -> None:
        self._run = run
        self._pages = list(result.of_winners_apart())
        self._drawer: subprocess.Popen[bytes] | None = None
        self._open = ExitStack()
        weakref.finalize(self, self._open.close)  # also where nobody wants the pages after all
        if len(self._pages) >= WORTH_IT and usable_cores() > 1:
            stderr = tempfile.TemporaryFile()  # noqa: SIM115 - the stack closes it
            self._stderr = self._open.enter_context(stderr)
            whose = (run.store.root, str(run.id))
            drawer = children.start(f"{__name__}:main", *whose, stderr=self._stderr)
            self._drawer = self._open.enter_context(drawer)
            self._open.callback(drawer.kill)

    def finish(self) -> None:
        """Return when every page is archived.

        Raises
        ------
        RunError
            The process that draws them failed.
        """
        with self._open:
            _draw(self._run, self._pages[::-1])
            if self._drawer and self._drawer.wait():
                self._stderr.seek(0)
                said = self._stderr.read().decode(errors="replace")
                how = children.death(self._drawer, "what draws the winners' pages")
                raise RunError(f"{how}:\n{said}")


def main(root: str, name: str) -> None:
    """Draw the winners' pages of a run.

    Parameters
    ----------
    root : str
        Root of the archive.
    name : str
        The run.
    """
    run = Archive(root).run(name)
    _draw(run, list(load_result(run).of_winners_apart()))


def _draw(run: Run, pages: list[TrainingResult]) -> None:
    from mmmlib.report import one_pager

    annotations = read_annotations(run.load(ANNOTATIONS) if run.has(ANNOTATIONS) else b"")
    for page in pages:
        if not run.has(f"{page.best}.png"):
            run.save(f"{page.best}.png", one_pager(page, run.job, None, annotations))
