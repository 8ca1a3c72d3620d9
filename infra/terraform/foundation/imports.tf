# What was made before, by hand or by the older guide, is taken over instead of made again.

import {
  for_each = var.existing.deployer ? toset(["github-deployer"]) : toset([])
  to       = google_service_account.deployer["production"]
  id       = "projects/${var.project_id}/serviceAccounts/${each.value}@${var.project_id}.iam.gserviceaccount.com"
}

import {
  for_each = var.existing.service_accounts
  to       = google_service_account.runtime[each.key]
  id       = "projects/${var.project_id}/serviceAccounts/${var.environments[each.key].service_account}@${var.project_id}.iam.gserviceaccount.com"
}

import {
  for_each = var.existing.registry ? toset([var.repository_id]) : toset([])
  to       = google_artifact_registry_repository.images["production"]
  id       = "projects/${var.project_id}/locations/${var.region}/repositories/${each.value}"
}

import {
  for_each = var.existing.buckets
  to       = google_storage_bucket.archive[each.key]
  id       = "${var.project_id}/${var.environments[each.key].bucket}"
}
