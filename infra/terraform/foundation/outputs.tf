output "workload_identity_provider" {
  description = "For google-github-actions/auth."
  value       = { for name, one in google_iam_workload_identity_pool_provider.github : name => one.name }
}

output "deployer" {
  description = "Identity of each environment's workflows."
  value       = { for name, one in google_service_account.deployer : name => one.email }
}

output "runtime" {
  description = "Identity of each environment."
  value       = { for name, account in google_service_account.runtime : name => account.email }
}

output "image" {
  description = "Production's image without its tag."
  value       = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images["production"].repository_id}/mmm-app"
}
