"""Run the fault tests and write the rows of docs/reliability.md."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults.reliability import COLLECT, write

with tempfile.TemporaryDirectory() as folder:
    rows = Path(folder, "rows")
    code = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/faults", *sys.argv[1:]],
        env={**os.environ, COLLECT: str(rows)},
    ).returncode
    if code:
        sys.exit(code)
    write(rows.read_text())
