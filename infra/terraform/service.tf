# The dashboard. It trains nothing itself: a detached process would die with its instance.

locals {
  runtime = "${var.runtime_account}@${var.project_id}.iam.gserviceaccount.com"
  job     = "${var.service_name}-train"

  # whom IAP's signed header must be for; see Google's page "Securing your app with signed headers"
  service  = "/projects/${data.google_project.this.number}/locations/${var.region}/services/${var.service_name}"
  audience = var.iap_audience == null ? local.service : var.iap_audience

  variables = merge(var.variables, {
    APP_ROOT                  = "/app"
    GCS_BUCKET                = var.bucket_name
    GOOGLE_CLOUD_PROJECT      = var.project_id
    MMM_BEHIND_IAP            = tostring(var.iap)
    MMM_CLOUDRUN_JOB          = local.job
    MMM_CLOUDRUN_PLACES       = tostring(var.training.places)
    MMM_CLOUDRUN_REGION       = var.region
    MMM_EXECUTORS             = "cloudrun"
    MMM_IAP_AUDIENCE          = var.iap ? local.audience : ""
    MMM_LOG                   = "json"
    MMM_ONLY_ROOT             = "gs://${var.bucket_name}"
    MMM_ROOT                  = "gs://${var.bucket_name}"
    RUN_SERVICE_ACCOUNT_EMAIL = local.runtime
  })
}

import {
  for_each = var.existing_service ? toset([var.service_name]) : toset([])
  to       = google_cloud_run_v2_service.dashboard
  id       = "projects/${var.project_id}/locations/${var.region}/services/${each.value}"
}

resource "google_cloud_run_v2_service" "dashboard" {
  name                = var.service_name
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_ALL"
  iap_enabled         = var.iap
  deletion_protection = var.deletion_protection

  scaling {
    min_instance_count = var.dashboard.min_instances
  }

  template {
    service_account                  = local.runtime
    timeout                          = "${var.dashboard.timeout}s"
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    max_instance_request_concurrency = var.dashboard.concurrency
    session_affinity                 = true

    # A kernel lives in one instance. With one instance a page always finds its kernel.
    scaling {
      max_instance_count = var.dashboard.max_instances
    }

    containers {
      image = var.image
      args  = ["dashboard"]

      ports {
        container_port = 8080
      }

      resources {
        limits = {
          cpu    = tostring(var.dashboard.cpu)
          memory = "${var.dashboard.memory_gib}Gi"
        }
        cpu_idle          = true # paid while a page is open, not while nobody looks
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = local.variables
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = var.secret_variables
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value.secret
              version = env.value.version
            }
          }
        }
      }

      # Not /: each GET of a page starts a kernel. Not /healthz: Cloud Run keeps it for itself.
      startup_probe {
        period_seconds    = 2
        timeout_seconds   = 2
        failure_threshold = 60
        http_get {
          path = "/health"
          port = 8080
        }
      }

      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 10
        failure_threshold = 4
        http_get {
          path = "/health"
          port = 8080
        }
      }

      volume_mounts {
        name       = "scratch"
        mount_path = "/scratch"
      }
    }

    # The only place that is written to; it counts as memory.
    volumes {
      name = "scratch"
      empty_dir {
        medium     = "MEMORY"
        size_limit = "${floor(var.dashboard.memory_gib * 1024 / 4)}Mi"
      }
    }
  }

  # deploy.yml moves traffic after the smoke test, and rollback moves it back. Once it is pinned to
  # a revision, what Terraform makes gets none.
  lifecycle {
    ignore_changes = [traffic, client, client_version]
  }
}
