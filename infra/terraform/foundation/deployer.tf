# GitHub Actions without a key: a workflow of one repository on named branches becomes the deployer.

locals {
  # GitHub's issuer signs for everybody on GitHub; these numbers and refs are the whole fence.
  refs = join(", ", [for ref in sort(var.deploying_refs) : "'${ref}'"])
  fence = join(" && ", [
    "assertion.repository_owner_id == '${var.github_owner_id}'",
    "assertion.repository_id == '${var.github_repository_id}'",
    "assertion.ref in [${local.refs}]",
    "assertion.event_name in ['push', 'workflow_dispatch', 'schedule']",
  ])
}

resource "google_service_account" "deployer" {
  account_id   = "github-deployer"
  display_name = "GitHub Actions Deployer"
  description  = "Used by the workflows of ${var.github_repository}."

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.this]
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github-pool"
  display_name              = "GitHub Actions Pool"

  depends_on = [google_project_service.this]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:It wants the claim sub, which names can be taken over by; ours are the numbers of owner and repository, the ref and the event
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github-oidc"
  display_name                       = "GitHub Actions Provider"

  attribute_mapping = {
    "google.subject"          = "assertion.sub"
    "attribute.repository"    = "assertion.repository"
    "attribute.repository_id" = "assertion.repository_id"
    "attribute.ref"           = "assertion.ref"
    "attribute.workflow_ref"  = "assertion.workflow_ref"
  }
  attribute_condition = local.fence

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "github" {
  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.workloadIdentityUser"
  member = join("/", [
    "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}",
    "attribute.repository_id/${var.github_repository_id}",
  ])
}

# The deployer writes images: the seed design's table said reader, with which no push succeeds.
resource "google_artifact_registry_repository_iam_member" "deployer" {
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.deployer.member
}

# It replaces services and jobs, and what watches them. It does not make identities, buckets or
# secrets, and reads no run.
resource "google_project_iam_member" "deployer" {
  for_each = toset([
    "roles/iap.admin",
    "roles/monitoring.editor",
    "roles/run.admin",
  ])

  project = var.project_id
  role    = each.value
  member  = google_service_account.deployer.member
}

resource "google_service_account_iam_member" "deployer_acts_as" {
  for_each = var.environments

  service_account_id = google_service_account.runtime[each.key].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deployer.member
}

# On itself only: the smoke test signs the token with which it passes IAP.
resource "google_service_account_iam_member" "deployer_signs" {
  service_account_id = google_service_account.deployer.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.deployer.member
}

# Its own states; that of the foundation is out of its reach.
resource "google_storage_bucket_iam_member" "deployer_state" {
  for_each = var.environments

  bucket = var.state_bucket
  role   = "roles/storage.objectUser"
  member = google_service_account.deployer.member

  condition {
    title      = "${each.key}_state"
    expression = "resource.name.startsWith('projects/_/buckets/${var.state_bucket}/objects/${each.key}/')"
  }
}

resource "google_project_iam_custom_role" "log_metrics" {
  role_id = "mmmLogMetrics"
  title   = "MMM Trainer: log-based metrics"
  permissions = [
    "logging.logMetrics.create",
    "logging.logMetrics.delete",
    "logging.logMetrics.get",
    "logging.logMetrics.list",
    "logging.logMetrics.update",
  ]
}

resource "google_project_iam_member" "deployer_log_metrics" {
  project = var.project_id
  role    = google_project_iam_custom_role.log_metrics.name
  member  = google_service_account.deployer.member
}

# Listing is asked of the bucket, which no condition on an object's name can allow.
resource "google_project_iam_custom_role" "lister" {
  role_id     = "mmmStateLister"
  title       = "MMM Trainer: list a bucket"
  permissions = ["storage.buckets.get", "storage.objects.list"]
}

resource "google_storage_bucket_iam_member" "deployer_lists_states" {
  bucket = var.state_bucket
  role   = google_project_iam_custom_role.lister.name
  member = google_service_account.deployer.member
}

# Batches from CI (train.yml on main) write into the archive: that workflow, and no other, may also
# become the runtime of production.
resource "google_service_account_iam_member" "batch" {
  for_each = toset([for name in keys(var.environments) : name if name == "production"])

  service_account_id = google_service_account.runtime[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member = join("/", [
    "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}",
    "attribute.workflow_ref/${var.github_repository}/.github/workflows/train.yml@refs/heads/main",
  ])
}
