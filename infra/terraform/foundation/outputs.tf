output "workload_identity_provider" {
  description = "For google-github-actions/auth."
  value       = google_iam_workload_identity_pool_provider.github.name
}

output "deployer" {
  description = "Identity of the workflows."
  value       = google_service_account.deployer.email
}

output "runtime" {
  description = "Identity of each environment."
  value       = { for name, account in google_service_account.runtime : name => account.email }
}

output "image" {
  description = "Image without its tag."
  value       = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}/mmm-app"
}
