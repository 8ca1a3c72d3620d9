# One execution a run: `mmm execute RUN --root ROOT`, with the arguments that the launcher gives.

resource "google_cloud_run_v2_job" "training" {
  name                = local.job
  location            = var.region
  deletion_protection = var.deletion_protection

  template {
    task_count  = 1
    parallelism = 1

    template {
      service_account       = local.runtime
      timeout               = "${var.training.timeout}s"
      max_retries           = 0 # a run is executed once; trying again is the batch's business
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"

      containers {
        image = var.image
        args  = ["doctor"] # what an execution by hand, without arguments, does

        resources {
          limits = {
            cpu    = tostring(var.training.cpu)
            memory = "${var.training.memory_gib}Gi"
          }
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

        volume_mounts {
          name       = "scratch"
          mount_path = "/scratch"
        }
      }

      volumes {
        name = "scratch"
        empty_dir {
          medium     = "MEMORY"
          size_limit = "${floor(var.training.memory_gib * 1024 / 4)}Mi"
        }
      }
    }
  }

  # What trains gets a new image from traffic.sh, together with the traffic and after the smoke test;
  # a rollback moves both back. Terraform gives the first one only.
  lifecycle {
    ignore_changes = [client, client_version, template[0].template[0].containers[0].image]
  }
}

# The new image, before anything trains with it: the smoke test executes `mmm doctor` on it, as the
# runtime, with the variables and the size of a training.
resource "google_cloud_run_v2_job" "check" {
  name                = "${var.service_name}-check"
  location            = var.region
  deletion_protection = false # it keeps nothing

  template {
    task_count  = 1
    parallelism = 1

    template {
      service_account       = local.runtime
      timeout               = "900s"
      max_retries           = 0
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"

      containers {
        image = var.image
        args  = ["doctor"]

        resources {
          limits = {
            cpu    = tostring(var.training.cpu)
            memory = "${var.training.memory_gib}Gi"
          }
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

        volume_mounts {
          name       = "scratch"
          mount_path = "/scratch"
        }
      }

      volumes {
        name = "scratch"
        empty_dir {
          medium     = "MEMORY"
          size_limit = "${floor(var.training.memory_gib * 1024 / 4)}Mi"
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [client, client_version]
  }
}

# The dashboard starts runs, and a run that ends starts the next: both are the runtime. The roles
# are on this job alone: run and cancel with arguments of one's own; look at executions.
resource "google_cloud_run_v2_job_iam_member" "runtime" {
  for_each = toset(["roles/run.jobsExecutorWithOverrides", "roles/run.viewer"])

  name     = google_cloud_run_v2_job.training.name
  location = google_cloud_run_v2_job.training.location
  role     = each.value
  member   = "serviceAccount:${local.runtime}"
}
