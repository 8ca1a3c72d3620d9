-- Find training failures (Log Analytics; PROJECT is yours)
SELECT
  timestamp,
  JSON_VALUE(json_payload.run) AS run,
  JSON_VALUE(json_payload.stage) AS stage,
  COALESCE(JSON_VALUE(json_payload.message), text_payload) AS message
FROM `PROJECT.global._Default._AllLogs`
WHERE COALESCE(JSON_VALUE(json_payload.message), text_payload) LIKE '%FATAL ERROR%'
ORDER BY timestamp DESC
LIMIT 10
