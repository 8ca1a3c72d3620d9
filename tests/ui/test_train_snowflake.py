"""The form's look at a warehouse, against a real server of its protocol."""

from __future__ import annotations

import os

import pytest

from mmmlib.data.sources.snowflake import connections
from mmmlib.ground.errors import SourceError
from mmmlib.ui.train import form, machines
from mmmlib.ui.train.raw import guess, read_raw, try_source
from mmmlib.ui.train.series import read_series
from tests.servers.running import PASSWORD

TABLE = "MARKETING.PUBLIC.WEEKLY"


def of_table(**values):
    return {**form.starting(), "source": "snowflake", "table": TABLE} | values


def test_the_table_is_shown_and_its_roles_are_guessed(snowflake):
    raw = read_raw(of_table())
    assert raw.rows == 208
    types = {column["name"].upper(): column["type"] for column in raw.columns}
    assert (types["DATE"], types["TV_S"], types["EVENTS"]) == ("date", "number", "text")
    guessed, reasons, doubts = guess(of_table())
    assert (guessed["source"], guessed["table"]) == ("snowflake", TABLE)
    assert guessed["target"].upper() == "REVENUE"
    assert {name.upper() for name in reasons} >= {"TV_S", "DATE"}
    assert doubts
    series = read_series(guessed)
    assert series.problems == []
    assert series.rows == 208


def test_the_connection_is_tested_step_by_step(snowflake):
    steps = try_source(of_table())
    assert all(step["ok"] for step in steps)
    assert [step["title"] for step in steps][:2] == ["profile", "login"]
    steps = try_source(of_table(connection="nowhere"))
    assert not steps[-1]["ok"]
    assert "nowhere" in steps[-1]["message"]


def test_a_typed_connection_is_used_and_never_shown(snowflake, monkeypatch):
    monkeypatch.setattr(connections, "_typed", None)
    with monkeypatch.context() as patch:
        patch.setattr(os, "environ", dict(os.environ))
        given = snowflake.profile()
        typed = {key: str(given[key]) for key in ("account", "host", "port", "protocol")}
        machines.use_typed(typed | {"user": "nobody", "password": PASSWORD + "x"})
    assert "typed" in machines.connections()
    steps = try_source(of_table(connection="typed"))
    assert not steps[-1]["ok"]
    assert PASSWORD not in str(steps)
    with pytest.raises(SourceError) as error:
        read_raw(of_table(connection="typed"))
    assert PASSWORD not in str(error.value)
