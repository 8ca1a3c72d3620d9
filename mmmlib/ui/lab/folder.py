"""A folder of one's own for JupyterLab: copies of the notebooks, the docs and the sample data.

What runs execute is never opened for writing: an edited cell changes nobody else's runs.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import load_dotenv

from mmmlib.ground import MMMError, settings

FOLDER = "lab"
GIVEN = ".given.json"  # digest of each file as it was last copied
EXAMPLES = Path(__file__).parents[2] / "data" / "examples"


@dataclass(frozen=True)
class Copied:
    """What was copied: new files, files that are newer now, and new ones put beside edited ones."""

    folder: Path
    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """One line for each thing a person should know."""
        lines = [f"your folder: {self.folder}"]
        if self.updated:
            lines.append("newer now: " + ", ".join(self.updated))
        lines += [
            f"{name} has changed in the product and is edited here: the new one is {other}"
            for name, other in self.beside.items()
        ]
        return "\n".join(lines)


def lab_folder(folder: str | Path = FOLDER) -> Copied:
    """Fill a folder with copies of the notebooks, the docs and the examples.

    A file that is there and was edited is never overwritten: where the product's own has changed
    since, that is put beside it.

    Parameters
    ----------
    folder
        Where to; made if it is not there.

    Returns
    -------
    Copied
        What was copied, by path below the folder.

    Raises
    ------
    MMMError
        The folder is that of the product's own notebooks, or cannot be written.
    """
    place = Path(folder).expanduser().resolve()
    product = settings().app_root.resolve()
    if place in (product, *(product / name for name in ("notebooks", "docs", "mmmlib"))):
        raise MMMError(f"{place} holds what every run executes: name a folder of your own")
    copied = Copied(place)
    try:
        place.mkdir(parents=True, exist_ok=True)
        record = place / GIVEN
        given = json.loads(record.read_text()) if record.is_file() else {}
        for name, source in _sources(product).items():
            given[name] = _copy(source, name, given.get(name, ""), copied)
        record.write_text(json.dumps(given, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        raise MMMError(f"{place}: {error.strerror}; name another folder: mmm lab FOLDER") from error
    return copied


def open_lab(folder: str | Path, root: str, options: tuple[str, ...]) -> None:
    """Open JupyterLab on a folder of one's own; this process becomes the server.

    Parameters
    ----------
    folder
        Passed to `lab_folder`.
    root : str
        Root of the archive for the notebooks; that of the settings when empty.
    options
        For Jupyter, such as ``--no-browser``.
    """
    from mmmlib.archive import Archive

    copied = lab_folder(folder)
    print(copied, flush=True)
    # kernels start in the folder: what is relative to this one must not change its meaning
    load_dotenv(Path.cwd() / ".env")
    os.environ["MMM_ROOT"] = Archive(root).store.root
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={copied.folder}"]
    command += ["--LabApp.default_url=/lab/tree/tour.ipynb", "--LabApp.news_url=None"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    os.chdir(copied.folder)
    os.execv(sys.executable, [*command, *options])


def _sources(product: Path) -> dict[str, Path]:
    """Every file to be copied, by its path in the folder."""
    found = {path.name: path for path in sorted((product / "notebooks").glob("*.ipynb"))}
    if not found:
        raise MMMError(f"there are no notebooks in {product}; set APP_ROOT to the checkout")
    docs = product / "docs"
    for path in sorted([*docs.glob("*.md"), *docs.glob("images/*.png")]):
        found[f"docs/{path.relative_to(docs)}"] = path
    for path in sorted(EXAMPLES.glob("*")):
        if path.suffix in {".csv", ".yaml"} or path.name == "LICENSE":
            found[f"examples/{path.name}"] = path
    return found


def _copy(source: Path, name: str, given: str, copied: Copied) -> str:
    """Copy one file unless it is edited here; return the digest of what is now known here."""
    content, place = source.read_bytes(), copied.folder / name
    digest = hashlib.sha256(content).hexdigest()
    here = hashlib.sha256(place.read_bytes()).hexdigest() if place.is_file() else ""
    if digest in (here, given):
        if not here:  # somebody has deleted it here; a copy of a copy is not missed
            _write(place, content)
            copied.new.append(name)
        return digest
    if here and here != given:
        beside = place.with_name(f"{place.stem}-{digest[:8]}{place.suffix}")
        _write(beside, content)
        copied.beside[name] = str(beside.relative_to(copied.folder))
        return digest
    _write(place, content)
    (copied.updated if here else copied.new).append(name)
    return digest


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
