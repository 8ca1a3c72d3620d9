"""The one-pagers of the cluster winners, drawn beside the notebook's own work.

A page takes more than a second of one core, and nothing but the archived result. So a process of
its own draws them from the first to the last, while the kernel goes on with the next cells; when
the kernel wants them it draws from the last to the first, until they meet. Whoever comes second to
a page finds it in the archive; a page that both draw is the same, byte by byte.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from contextlib import ExitStack
from pathlib import Path

import mmmlib
from mmmlib.archive import ANNOTATIONS, Archive, Run, load_result
from mmmlib.data import read_annotations
from mmmlib.ground import RunError, usable_cores
from mmmlib.model import TrainingResult

WATCH_SECONDS = 0.2
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
            self._drawer = self._open.enter_context(_drawer(run, stderr.fileno()))
            self._open.callback(self._drawer.kill)

    def finish(self) -> None:
        """Return when every page is archived.

        Raises
        ------
        RunError
            The process that draws them failed.
        """
        with self._open:
            _draw(self._run, self._pages[::-1])
            if self._drawer and (code := self._drawer.wait()):
                self._stderr.seek(0)
                said = self._stderr.read().decode(errors="replace")
                raise RunError(f"drawing the winners' pages ended with code {code}:\n{said}")


def main(root: str, name: str, parent: int) -> None:
    """Draw the winners' pages of a run; end when the parent process does.

    Parameters
    ----------
    root : str
        Root of the archive.
    name : str
        The run.
    parent : int
        Process id of the parent.
    """
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    run = Archive(root).run(name)
    _draw(run, list(load_result(run).of_winners_apart()))


def _draw(run: Run, pages: list[TrainingResult]) -> None:
    from mmmlib.report import one_pager

    annotations = read_annotations(run.load(ANNOTATIONS) if run.has(ANNOTATIONS) else b"")
    for page in pages:
        if not run.has(f"{page.best}.png"):
            run.save(f"{page.best}.png", one_pager(page, run.job, None, annotations))


def _drawer(run: Run, stderr: int) -> subprocess.Popen[bytes]:
    code = (
        f"import sys; sys.path.insert(0, {str(Path(mmmlib.__file__).parents[1])!r}); "
        f"from mmmlib.run.winners import main; "
        f"main({run.store.root!r}, {str(run.id)!r}, {os.getpid()})"
    )
    return subprocess.Popen(
        # -P: a file in the working directory must not hide a library
        [sys.executable, "-P", "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,  # an interrupt typed at the terminal is the parent's
    )


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)
