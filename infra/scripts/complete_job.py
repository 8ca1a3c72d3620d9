"""Write a job with every key: what a file leaves out would be the notebook's, under papermill.

    python infra/scripts/complete_job.py JOB.YAML OUTPUT.YAML KEY=VALUE …

A job that is not valid is refused here, with all its problems at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mmmlib.ground import MMMError
from mmmlib.job import TrainingJob, plain_values, read_text


def main() -> None:
    """Read the arguments; values are YAML, as papermill's ``-p`` has them."""
    source, output, *changes = sys.argv[1:]
    try:
        values = plain_values(read_text(source))
        for change in changes:
            key, _, value = change.partition("=")
            values |= plain_values(f"{key}: {value}")
        Path(output).write_text(TrainingJob.parse(values).to_yaml())
    except MMMError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
