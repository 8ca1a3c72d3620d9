output "url" {
  description = "Address of the dashboard."
  value       = google_cloud_run_v2_service.dashboard.uri
}

output "service" {
  description = "Name of the service."
  value       = google_cloud_run_v2_service.dashboard.name
}

output "job" {
  description = "Name of the training job."
  value       = google_cloud_run_v2_job.training.name
}

output "check" {
  description = "Name of the job that tries a new image."
  value       = google_cloud_run_v2_job.check.name
}

output "archive" {
  description = "Root of the archive."
  value       = "gs://${var.bucket_name}"
}

output "revision" {
  description = "The newest revision of the service; it has no traffic until the smoke test passed."
  value       = google_cloud_run_v2_service.dashboard.latest_created_revision
}
