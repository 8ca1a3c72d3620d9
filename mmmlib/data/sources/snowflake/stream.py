"""A result to Parquet, a chunk at a time: memory does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mmmlib.data.sources import Listener
from mmmlib.data.sources.snowflake.session import Result, SnowflakeColumn
from mmmlib.ground import SnowflakeError

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 65_536  # of the Parquet file: what a reader holds at a time
_READABLE = {
    "NUMBER": "float64",  # Decimals too: every number of a dataset is a float64
    "FLOAT": "float64",
    "TEXT": "string",
    "DATE": "date32",
    "TIMESTAMP_NTZ": "timestamp",
    "TIMESTAMP_LTZ": "zoned",
    "TIMESTAMP_TZ": "zoned",
    "BOOLEAN": "bool_",
}


def readable(columns: Iterable[SnowflakeColumn], wanted: Iterable[str]) -> list[SnowflakeColumn]:
    """Columns of types a dataset can hold; a wanted one of another type is refused.

    Raises
    ------
    SnowflakeError
        Of kind ``column``; also where a name is selected twice.
    """
    columns, wanted = list(columns), set(wanted)
    names = [column.name for column in columns]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise SnowflakeError(
            "column", f"sql: selects {twice[0]!r} more than once; name its columns with AS"
        )
    odd = [column for column in columns if column.type not in _READABLE]
    for column in odd:
        if column.name in wanted:
            raise SnowflakeError(
                "column",
                f"column {column.name} is {column.type}; give sql that selects a number, text or "
                f"date of it, such as {column.name}:key::FLOAT AS {column.name}",
            )
    return [column for column in columns if column not in odd]


def write(result: Result, columns: list[SnowflakeColumn], into: Path, listener: Listener) -> int:
    """Write columns of a result to Parquet; returns the rows.

    Raises
    ------
    SnowflakeError
        Of kind ``service`` where fewer or more rows came than Snowflake had announced.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column.name, _arrow_type(column.type)) for column in columns])
    done = 0
    with pq.ParquetWriter(into, schema, compression="zstd") as file:
        for table in result.batches():
            converted = [
                _converted(table.column(c.name), schema.field(c.name).type) for c in columns
            ]
            file.write_table(pa.table(converted, schema=schema), row_group_size=GROUP_ROWS)
            done += table.num_rows
            listener.rows(done, result.rows)
    if done != result.rows:
        raise SnowflakeError(
            "service", f"snowflake: {done:,} of {result.rows:,} rows came; try again", again=True
        )
    return done


def _arrow_type(type_: str) -> pa.DataType:
    import pyarrow as pa

    match _READABLE[type_]:
        case "timestamp":
            return pa.timestamp("us")
        case "zoned":
            return pa.timestamp("us", tz="UTC")
        case name:
            return getattr(pa, name)()


def _converted(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    """A column in its one type; chunks of a NUMBER differ in theirs, as Snowflake packs them.

    A Decimal becomes the float64 nearest to it, by its text: Arrow's own conversion multiplies,
    which is not always the nearest.
    """
    import pyarrow as pa

    if pa.types.is_decimal(column.type) and pa.types.is_floating(wanted):
        return column.cast(pa.string()).cast(wanted)
    return column.cast(wanted, safe=not pa.types.is_floating(wanted))
