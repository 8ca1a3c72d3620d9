-- Monitor resource usage: where a run took more than 8 GB (Log Analytics; PROJECT is yours)
SELECT
  timestamp,
  JSON_VALUE(json_payload.run) AS run,
  JSON_VALUE(json_payload.stage) AS stage,
  CAST(JSON_VALUE(json_payload.memory_usage_mb) AS FLOAT64) AS memory_usage_mb
FROM `PROJECT.global._Default._AllLogs`
WHERE CAST(JSON_VALUE(json_payload.memory_usage_mb) AS FLOAT64) > 8000
ORDER BY timestamp DESC
