# GitHub Actions without a key: each environment has a deployer of its own, and only a job of that
# GitHub environment becomes it. What GitHub asks of the environment (reviewers, branches) is thereby
# asked of Google's rights too.

locals {
  # GitHub's issuer signs for everybody on GitHub; these numbers, refs and names are the whole fence.
  ours = [
    "assertion.repository_owner_id == '${var.github_owner_id}'",
    "assertion.repository_id == '${var.github_repository_id}'",
  ]
  batch     = "${var.github_repository}/.github/workflows/train.yml@refs/heads/main"
  deployers = { for name in keys(var.environments) : name => name == "production" ? "github-deployer" : "github-deployer-${name}" }
}

resource "google_service_account" "deployer" {
  for_each = var.environments

  account_id   = local.deployers[each.key]
  display_name = "GitHub Actions Deployer (${each.key})"
  description  = "Used by the workflows of ${var.github_repository} in the GitHub environment ${each.key}."

  lifecycle {
    prevent_destroy = true
  }

  depends_on = [google_project_service.this]
}

moved {
  from = google_service_account.deployer
  to   = google_service_account.deployer["production"]
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "github-pool"
  display_name              = "GitHub Actions Pool"

  depends_on = [google_project_service.this]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:It wants the claim sub, which names can be taken over by; ours are the numbers of owner and repository, the environment, the ref and the event
  for_each = var.environments

  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github-${each.key}"
  display_name                       = "GitHub, ${each.key}"

  attribute_mapping = {
    "google.subject"        = "assertion.sub"
    "attribute.environment" = "assertion.environment"
  }
  attribute_condition = join(" && ", concat(local.ours, [
    "assertion.environment == '${each.key}'",
    "assertion.ref == '${each.value.ref}'",
    "assertion.event_name in ['push', 'workflow_dispatch']",
  ]))

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "github" {
  for_each = var.environments

  service_account_id = google_service_account.deployer[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member = join("/", [
    "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}",
    "attribute.environment/${each.key}",
  ])
}

# The deployer writes images: the seed design's table said reader, with which no push succeeds. Each
# has a repository of its own, cache included: layers of one are not built into the other's image.
resource "google_artifact_registry_repository_iam_member" "deployer" {
  for_each = var.environments

  location   = google_artifact_registry_repository.images[each.key].location
  repository = google_artifact_registry_repository.images[each.key].name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.deployer[each.key].member
}

# It replaces its own service and jobs, and says who passes. Rights on one service need the service:
# a person deploys first, and names the environment in `deployed` then.
resource "google_cloud_run_v2_service_iam_member" "deployer" {
  for_each = local.deployed

  name     = each.value.service
  location = var.region
  role     = "roles/run.admin"
  member   = google_service_account.deployer[each.key].member
}

resource "google_cloud_run_v2_job_iam_member" "deployer" {
  for_each = local.deployed_jobs

  name     = each.value.job
  location = var.region
  role     = "roles/run.admin"
  member   = google_service_account.deployer[each.value.environment].member
}

resource "google_iap_web_cloud_run_service_iam_member" "deployer" {
  for_each = local.deployed

  project                = var.project_id
  location               = var.region
  cloud_run_service_name = each.value.service
  role                   = "roles/iap.admin"
  member                 = google_service_account.deployer[each.key].member
}

locals {
  deployed = { for name, one in var.environments : name => one if contains(var.deployed, name) }
  deployed_jobs = merge([
    for name, one in local.deployed : {
      for kind in ["train", "check"] :
      "${name}/${kind}" => { environment = name, job = "${one.service}-${kind}" }
    }
  ]...)
}

# What cannot be given on one resource: alerts, log-based metrics, and the progress of a change.
resource "google_project_iam_member" "deployer" {
  for_each = var.environments

  project = var.project_id
  role    = "roles/monitoring.editor"
  member  = google_service_account.deployer[each.key].member
}

resource "google_service_account_iam_member" "deployer_acts_as" {
  for_each = var.environments

  service_account_id = google_service_account.runtime[each.key].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deployer[each.key].member
}

# On itself only: the smoke test signs the token with which it passes IAP.
resource "google_service_account_iam_member" "deployer_signs" {
  for_each = var.environments

  service_account_id = google_service_account.deployer[each.key].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.deployer[each.key].member
}

# Its own state; the other's and the foundation's are out of its reach.
resource "google_storage_bucket_iam_member" "deployer_state" {
  for_each = var.environments

  bucket = var.state_bucket
  role   = "roles/storage.objectUser"
  member = google_service_account.deployer[each.key].member

  condition {
    title      = "${each.key}_state"
    expression = "resource.name.startsWith('projects/_/buckets/${var.state_bucket}/objects/${each.key}/')"
  }
}

resource "google_project_iam_custom_role" "log_metrics" {
  role_id = "mmmLogMetrics"
  title   = "MMM Trainer: log-based metrics, progress of changes"
  permissions = [
    "logging.logMetrics.create",
    "logging.logMetrics.delete",
    "logging.logMetrics.get",
    "logging.logMetrics.list",
    "logging.logMetrics.update",
    "resourcemanager.projects.get",
    "run.operations.get",
  ]
}

resource "google_project_iam_member" "deployer_log_metrics" {
  for_each = var.environments

  project = var.project_id
  role    = google_project_iam_custom_role.log_metrics.name
  member  = google_service_account.deployer[each.key].member
}

# Listing is asked of the bucket, which no condition on an object's name can allow.
resource "google_project_iam_custom_role" "lister" {
  role_id     = "mmmStateLister"
  title       = "MMM Trainer: list a bucket"
  permissions = ["storage.buckets.get", "storage.objects.list"]
}

resource "google_storage_bucket_iam_member" "deployer_lists_states" {
  for_each = var.environments

  bucket = var.state_bucket
  role   = google_project_iam_custom_role.lister.name
  member = google_service_account.deployer[each.key].member
}

# Batches from CI write into the archive: that workflow on main, and no other, may become the runtime
# of production, through a provider that knows nothing else. It becomes no deployer.
resource "google_iam_workload_identity_pool_provider" "batch" {
  #checkov:skip=CKV_GCP_125:It wants the claim sub, which names can be taken over by; ours are the numbers of owner and repository, the workflow and the event
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github-batch"
  display_name                       = "GitHub, train.yml"

  attribute_mapping = {
    "google.subject"         = "assertion.sub"
    "attribute.workflow_ref" = "assertion.workflow_ref"
  }
  attribute_condition = join(" && ", concat(local.ours, [
    "assertion.workflow_ref == '${local.batch}'",
    "assertion.ref == 'refs/heads/main'",
    "assertion.event_name in ['workflow_dispatch', 'schedule']",
  ]))

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "batch" {
  for_each = toset([for name in keys(var.environments) : name if name == "production"])

  service_account_id = google_service_account.runtime[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member = join("/", [
    "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github.name}",
    "attribute.workflow_ref/${local.batch}",
  ])
}
