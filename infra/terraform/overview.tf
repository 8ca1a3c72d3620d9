# The monitoring dashboard: the seed design's key metrics, one chart each.

locals {
  charts = [
    { title = "Requests a second, by class of answer", metric = "run.googleapis.com/request_count", of = local.of_service, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.response_code_class"] },
    { title = "Latency, median (ms)", metric = "run.googleapis.com/request_latencies", of = local.of_service, aligner = "ALIGN_PERCENTILE_50", reducer = "REDUCE_MAX", by = [] },
    { title = "Latency, 95 % (ms; websockets last as long as their page)", metric = "run.googleapis.com/request_latencies", of = local.of_service, aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = [] },
    { title = "Instances, active and idle", metric = "run.googleapis.com/container/instance_count", of = local.of_service, aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["metric.label.state"] },
    { title = "Cold starts (ms)", metric = "run.googleapis.com/container/startup_latencies", of = local.of_service, aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = [] },
    { title = "Cold starts, how many in 5 minutes", promql = "sum(increase(run_googleapis_com:container_startup_latencies_count{monitored_resource=\"cloud_run_revision\",service_name=\"${var.service_name}\"}[5m]))" },
    { title = "Dashboard: memory used (1 = limit)", metric = "run.googleapis.com/container/memory/utilizations", of = local.of_service, aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = [] },
    { title = "Dashboard: processors used (1 = limit)", metric = "run.googleapis.com/container/cpu/utilizations", of = local.of_service, aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = [] },
    { title = "Training: executions going on", metric = "run.googleapis.com/job/running_executions", of = local.of_job, aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = [] },
    { title = "Training: executions ended, by result", metric = "run.googleapis.com/job/completed_execution_count", of = local.of_job, aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.label.result"] },
    { title = "Training: memory used (1 = limit)", metric = "run.googleapis.com/container/memory/utilizations", of = local.of_job, aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = [] },
    { title = "Training: processors used (1 = limit)", metric = "run.googleapis.com/container/cpu/utilizations", of = local.of_job, aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = [] },
    { title = "Runs that failed or were lost, said by the training job", metric = "logging.googleapis.com/user/${google_logging_metric.ended_badly.name}", of = local.of_job, aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.label.status"] },
    { title = "Runs that failed or were lost, said by the dashboard", metric = "logging.googleapis.com/user/${google_logging_metric.ended_badly.name}", of = local.of_service, aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.label.status"] },
    { title = "Memory of runs by stage (MB)", metric = "logging.googleapis.com/user/${google_logging_metric.memory.name}", of = local.of_job, aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.stage"] },
    { title = "Archive: bytes by class", metric = "storage.googleapis.com/storage/v2/total_bytes", of = local.of_bucket, aligner = "ALIGN_MEAN", reducer = "REDUCE_SUM", by = ["metric.label.storage_class"] },
    { title = "Archive: objects", metric = "storage.googleapis.com/storage/v2/total_count", of = local.of_bucket, aligner = "ALIGN_MEAN", reducer = "REDUCE_SUM", by = [] },
    { title = "Archive: requests a second, by answer", metric = "storage.googleapis.com/api/request_count", of = local.of_bucket, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.response_code"] },
    { title = "Archive: bytes sent a second", metric = "storage.googleapis.com/network/sent_bytes_count", of = local.of_bucket, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = [] },
    { title = "Paid seconds of instances a second: dashboard", metric = "run.googleapis.com/container/billable_instance_time", of = local.of_service, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = [] },
    { title = "Paid seconds of instances a second: training", metric = "run.googleapis.com/container/billable_instance_time", of = local.of_job, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = [] },
  ]
}

resource "google_monitoring_dashboard" "overview" {
  dashboard_json = jsonencode({
    displayName = "MMM Trainer (${var.environment})"
    mosaicLayout = {
      columns = 12
      tiles = [
        for index, chart in local.charts : {
          xPos   = 4 * (index % 3)
          yPos   = 4 * floor(index / 3)
          width  = 4
          height = 4
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = try({ prometheusQuery = chart.promql }, {
                  timeSeriesFilter = {
                    filter = "metric.type=\"${chart.metric}\" AND ${chart.of}"
                    aggregation = {
                      alignmentPeriod    = "300s"
                      perSeriesAligner   = chart.aligner
                      crossSeriesReducer = chart.reducer
                      groupByFields      = chart.by
                    }
                  }
                })
              }]
            }
          }
        }
      ]
    }
  })
}
