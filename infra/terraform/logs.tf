# Metrics made of the containers' structured logs. The filters are files, so that a person can type
# the same ones (docs/operations.md).

locals {
  named      = { service = var.service_name, job = local.job }
  containers = "(${trimspace(templatefile("${path.module}/logs/container.filter", local.named))})"
  filters = {
    for name in ["ended-badly", "errors", "fatal", "memory"] :
    name => "${local.containers} AND ${trimspace(file("${path.module}/logs/${name}.filter"))}"
  }
}

resource "google_logging_metric" "fatal_errors" {
  name        = "${var.service_name}/fatal_errors"
  description = "FATAL ERROR in a log: somebody must look."
  filter      = local.filters["fatal"]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

resource "google_logging_metric" "ended_badly" {
  name        = "${var.service_name}/runs_ended_badly"
  description = "Runs that ended as failed or lost."
  filter      = local.filters["ended-badly"]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    labels {
      key         = "status"
      value_type  = "STRING"
      description = "failed or lost"
    }
  }

  label_extractors = {
    status = "REGEXP_EXTRACT(jsonPayload.message, \"^FATAL ERROR run [^ ]+ (failed|lost)\")"
  }
}

resource "google_logging_metric" "memory" {
  name            = "${var.service_name}/memory_usage_mb"
  description     = "Memory of a run as it says itself, by stage."
  filter          = local.filters["memory"]
  value_extractor = "EXTRACT(jsonPayload.memory_usage_mb)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "MBy"
    labels {
      key         = "stage"
      value_type  = "STRING"
      description = "extract, train, …"
    }
  }

  label_extractors = {
    stage = "EXTRACT(jsonPayload.stage)"
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 24
      growth_factor      = 1.5
      scale              = 64
    }
  }
}
