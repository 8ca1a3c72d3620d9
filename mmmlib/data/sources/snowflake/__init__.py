"""Snowflake: connections, queries that only read, results streamed to Parquet."""
