"""A first job from a warehouse: `mmm job init --table` and `--sql`, against a real server."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mmmlib.cli import main
from mmmlib.job.parse import TrainingJob
from tests.servers.running import SnowflakeServer

MADE = (
    "CREATE OR REPLACE TABLE SOLD AS SELECT DATE AS WEEK, revenue::DECIMAL(18, 2) AS REVENUE, "
    "tv_S::DECIMAL(18, 2) AS TV_COST, "
    "CASE WHEN facebook_S = 0 THEN NULL ELSE facebook_S::DECIMAL(18, 2) END AS FACEBOOK_COST, "
    "facebook_I AS FACEBOOK_IMPRESSIONS, NULL::VARCHAR AS NOTE FROM WEEKLY"
)


def mmm(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["job", *arguments])


@pytest.mark.parametrize(
    "where", [("--table", "MARKETING.PUBLIC.SOLD"), ("--sql", "SELECT * FROM SOLD")]
)
def test_upper_case_decimals_and_nulls_are_guessed(
    snowflake: SnowflakeServer, tmp_path: Path, where: tuple[str, str]
) -> None:
    snowflake.owner(MADE)
    file = str(tmp_path / "job.yaml")
    made = mmm("init", *where, "--country", "de", "-o", file, "--no-row", "fill")
    assert made.exit_code == 0, made.output
    job = TrainingJob.load(file)
    assert (job.source, job.date.upper(), job.target.upper()) == ("snowflake", "WEEK", "REVENUE")
    assert {each.spend.upper() for each in job.channels} == {"TV_COST", "FACEBOOK_COST"}
    facebook = next(each for each in job.channels if each.name == "facebook")
    assert str(facebook.exposure).upper() == "FACEBOOK_IMPRESSIONS"
    checked = mmm("check", file)
    assert checked.exit_code == 0, checked.output


def test_missing_spend_is_asked(snowflake: SnowflakeServer, tmp_path: Path) -> None:
    snowflake.owner(MADE)
    asked = mmm("init", "--table", "MARKETING.PUBLIC.SOLD", "-o", str(tmp_path / "job.yaml"))
    assert asked.exit_code != 0
    assert "--no-row" in asked.output


def test_neither_file_nor_table_is_said() -> None:
    asked = mmm("init")
    assert asked.exit_code != 0
    assert "--table or --sql" in asked.output
