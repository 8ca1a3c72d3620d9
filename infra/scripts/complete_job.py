"""Write a job with every key: what a file leaves out would be the notebook's, under papermill.

    python infra/scripts/complete_job.py JOB.YAML OUTPUT.YAML KEY=VALUE …

A job that is not valid is refused here, with all its problems at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mmmlib.ground import MMMError
from mmmlib.job import TrainingJob, changed, plain_values, read_text


def main() -> None:
    """Read the arguments; values are as ``mmm run -p KEY VALUE`` has them."""
    source, output, *changes = sys.argv[1:]
    try:
        pairs = [change.partition("=")[::2] for change in changes]
        values = changed(plain_values(read_text(source)), pairs)
        Path(output).write_text(TrainingJob.parse(values).to_yaml())
    except MMMError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
