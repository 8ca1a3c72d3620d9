# What wakes someone. Each alert's text says what to do; more is in docs/operations.md.

locals {
  of_service = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.service_name}\""
  of_job     = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=\"${local.job}\""
  of_bucket  = "resource.type=\"gcs_bucket\" AND resource.labels.bucket_name=\"${var.bucket_name}\""

  alerts = {
    fatal = {
      title   = "a FATAL ERROR was logged"
      filters = [for kind in ["cloud_run_revision", "cloud_run_job"] : "metric.type=\"logging.googleapis.com/user/${google_logging_metric.fatal_errors.name}\" AND resource.type=\"${kind}\""]
      aligner = "ALIGN_DELTA"
      reducer = "REDUCE_SUM"
      period  = "300s"
      above   = 0
      lasts   = "0s"
      remedy  = "Find the run and its message with the filter logs/fatal.filter; robyn_console.log of the run has the rest."
    }
    runs = {
      title   = "a run failed or was lost"
      filters = [for kind in ["cloud_run_revision", "cloud_run_job"] : "metric.type=\"logging.googleapis.com/user/${google_logging_metric.ended_badly.name}\" AND resource.type=\"${kind}\""]
      aligner = "ALIGN_DELTA"
      reducer = "REDUCE_SUM"
      period  = "300s"
      above   = 0
      lasts   = "0s"
      remedy  = "Open the run in the dashboard: its page says what to do. A batch tries again by itself."
    }
    executions = {
      title   = "a training container ended badly"
      filters = ["metric.type=\"run.googleapis.com/job/completed_execution_count\" AND metric.labels.result=\"failed\" AND ${local.of_job}"]
      aligner = "ALIGN_DELTA"
      reducer = "REDUCE_SUM"
      period  = "300s"
      above   = 0
      lasts   = "0s"
      remedy  = "`gcloud run jobs executions list --job ${local.job}` names the reason: memory (raise training.memory_gib), time (training.timeout), image."
    }
    errors = {
      title   = "the dashboard answers with errors"
      filters = ["metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\" AND ${local.of_service}"]
      aligner = "ALIGN_DELTA"
      reducer = "REDUCE_SUM"
      period  = "300s"
      above   = 10
      lasts   = "0s"
      remedy  = "Look at the filter logs/errors.filter; roll back with the deploy workflow if a deployment came before."
    }
    latency = {
      title   = "the dashboard is slow"
      filters = ["metric.type=\"run.googleapis.com/request_latencies\" AND metric.labels.response_code_class=\"2xx\" AND ${local.of_service}"]
      aligner = "ALIGN_PERCENTILE_50" # a websocket lasts as long as its page: only the median tells
      reducer = "REDUCE_MAX"
      period  = "300s"
      above   = 5000
      lasts   = "600s"
      remedy  = "Raise dashboard.cpu, or dashboard.min_instances to 1 where cold starts are the reason (docs/cost.md says what it costs)."
    }
    memory = {
      title   = "a container is near its memory limit"
      filters = ["metric.type=\"run.googleapis.com/container/memory/utilizations\" AND ${local.of_service}"]
      aligner = "ALIGN_PERCENTILE_99"
      reducer = "REDUCE_MAX"
      period  = "300s"
      above   = 0.9
      lasts   = "300s"
      remedy  = "Raise dashboard.memory_gib; each open tab takes about 150 MB."
    }
    training_memory = {
      title   = "a training is near its memory limit"
      filters = ["metric.type=\"run.googleapis.com/container/memory/utilizations\" AND ${local.of_job}"]
      aligner = "ALIGN_PERCENTILE_99"
      reducer = "REDUCE_MAX"
      period  = "300s"
      above   = 0.9
      lasts   = "0s"
      remedy  = "Raise training.memory_gib, or train fewer candidates at a time."
    }
    storage = {
      title   = "the archive has grown large"
      filters = ["metric.type=\"storage.googleapis.com/storage/v2/total_bytes\" AND ${local.of_bucket}"]
      aligner = "ALIGN_MEAN"
      reducer = "REDUCE_SUM"
      period  = "3600s"
      above   = var.storage_alert_gib * 1073741824
      lasts   = "3600s"
      remedy  = "Set delete_after_days in the foundation, or raise storage_alert_gib."
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.notify

  display_name = "MMM Trainer: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  display_name          = "${var.service_name}: ${each.value.title}"
  combiner              = "OR"
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  dynamic "conditions" {
    for_each = each.value.filters # a condition is about one kind of resource
    content {
      display_name = each.value.title
      condition_threshold {
        filter          = conditions.value
        comparison      = "COMPARISON_GT"
        threshold_value = each.value.above
        duration        = each.value.lasts
        aggregations {
          alignment_period     = each.value.period
          per_series_aligner   = each.value.aligner
          cross_series_reducer = each.value.reducer
        }
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = each.value.remedy
  }

  alert_strategy {
    auto_close = "86400s"
  }
}
