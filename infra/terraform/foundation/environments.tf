# What an environment keeps and who it is. A person applies this; the deployer cannot.

locals {
  cold = [
    for class, days in {
      NEARLINE = var.cold_after_days.nearline
      COLDLINE = var.cold_after_days.coldline
      ARCHIVE  = var.cold_after_days.archive
    } : { class = class, days = days } if days > 0
  ]
  secrets = merge([
    for name, one in var.environments : {
      for secret in one.secrets : "${name}/${secret}" => { environment = name, secret = secret }
    }
  ]...)
}

resource "google_service_account" "runtime" {
  for_each = var.environments

  account_id   = each.value.service_account
  display_name = "MMM Trainer Runtime (${each.key})"
  description  = "Runs the dashboard and the training of ${each.key}."

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.this]
}

# Trivy wants the same as checkov below, for the same reasons, and keys of one's own: Google's
# encrypt the bucket, and a key of one's own would be one more way to lose every run.
#trivy:ignore:GCP-0066 trivy:ignore:GCP-0077 trivy:ignore:GCP-0078
resource "google_storage_bucket" "archive" {
  #checkov:skip=CKV_GCP_62:Access is in the data-access audit logs, which name the person; access logs of a bucket do not
  #checkov:skip=CKV_GCP_78:Soft delete restores what was deleted or replaced; versions would keep every heartbeat
  for_each = var.environments

  name                        = each.value.bucket
  location                    = var.region
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  # Only the runs: the queue and the batches below other prefixes are small and in use.
  dynamic "lifecycle_rule" {
    for_each = local.cold
    content {
      condition {
        age            = lifecycle_rule.value.days
        matches_prefix = ["robyn/"]
        # small files that listing a run reads stay where reading costs nothing
        matches_suffix = [".parquet", ".RDS", ".ipynb", ".pdf", ".png", ".log"]
      }
      action {
        type          = "SetStorageClass"
        storage_class = lifecycle_rule.value.class
      }
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.delete_after_days > 0 ? [var.delete_after_days] : []
    content {
      condition {
        age            = lifecycle_rule.value
        matches_prefix = ["robyn/"]
      }
      action {
        type = "Delete"
      }
    }
  }

  lifecycle_rule {
    condition {
      age = 2
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.this]
}

# Objects only: the runtime cannot change the bucket, its lifecycle or who may read it.
resource "google_storage_bucket_iam_member" "runtime" {
  for_each = var.environments

  bucket = google_storage_bucket.archive[each.key].name
  role   = "roles/storage.objectUser"
  member = google_service_account.runtime[each.key].member
}

# On itself only: links to artifacts are signed through IAM, without a key.
resource "google_service_account_iam_member" "runtime_signs" {
  for_each = var.environments

  service_account_id = google_service_account.runtime[each.key].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.runtime[each.key].member
}

resource "google_artifact_registry_repository_iam_member" "runtime" {
  for_each = var.environments

  location   = google_artifact_registry_repository.images[each.key].location
  repository = google_artifact_registry_repository.images[each.key].name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.runtime[each.key].member
}

# The values are added by hand (`gcloud secrets versions add`), so that no state file holds one.
resource "google_secret_manager_secret" "this" {
  for_each = toset([for one in values(local.secrets) : one.secret])

  secret_id = each.value

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.this]
}

resource "google_secret_manager_secret_iam_member" "runtime" {
  for_each = local.secrets

  secret_id = google_secret_manager_secret.this[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.runtime[each.value.environment].member
}
