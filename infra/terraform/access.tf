# Who may open the dashboard. With IAP (the default) people log in with Google, and only IAP may
# call the service; without it they call it with a token of their own.

data "google_project" "this" {
  project_id = var.project_id
}

locals {
  iap_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-iap.iam.gserviceaccount.com"
  deployer  = "serviceAccount:${var.environment == "production" ? "github-deployer" : "github-deployer-${var.environment}"}@${var.project_id}.iam.gserviceaccount.com"
  visitors  = setunion(var.people, [local.deployer]) # the deployer for the smoke test
  invokers  = var.iap ? toset([local.iap_agent]) : local.visitors
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = local.invokers

  name     = google_cloud_run_v2_service.dashboard.name
  location = google_cloud_run_v2_service.dashboard.location
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_iap_web_cloud_run_service_iam_member" "visitor" {
  for_each = var.iap ? local.visitors : toset([])

  project                = var.project_id
  location               = google_cloud_run_v2_service.dashboard.location
  cloud_run_service_name = google_cloud_run_v2_service.dashboard.name
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.value
}

# The seed design's "allow unauthenticated", for those who say so.
resource "google_cloud_run_v2_service_iam_member" "everybody" {
  count = var.allow_unauthenticated ? 1 : 0

  name     = google_cloud_run_v2_service.dashboard.name
  location = google_cloud_run_v2_service.dashboard.location
  role     = "roles/run.invoker"
  member   = "allUsers"
}
