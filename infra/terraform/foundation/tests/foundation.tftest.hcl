# terraform test: plans with a mocked provider; no account, nothing is made.

mock_provider "google" {
  override_during = plan

  mock_data "google_project" {
    defaults = {
      number = "123456789012"
    }
  }
}

variables {
  project_id           = "acme-analytics"
  state_bucket         = "acme-tf-state"
  github_repository    = "acme/mmm"
  github_repository_id = "4711"
  github_owner_id      = "42"
}

override_resource {
  target          = google_service_account.runtime["production"]
  override_during = plan
  values          = { name = "the production runtime", member = "serviceAccount:production" }
}

override_resource {
  target          = google_service_account.runtime["staging"]
  override_during = plan
  values          = { name = "the staging runtime", member = "serviceAccount:staging" }
}

override_resource {
  target          = google_service_account.deployer["production"]
  override_during = plan
  values          = { name = "the production deployer", member = "serviceAccount:deployer" }
}

override_resource {
  target          = google_service_account.deployer["staging"]
  override_during = plan
  values          = { name = "the staging deployer", member = "serviceAccount:deployer-staging" }
}

override_resource {
  target          = google_iam_workload_identity_pool.github
  override_during = plan
  values          = { name = "the pool" }
}

run "buckets_are_private_and_age" {
  command = plan

  assert {
    condition = alltrue([
      for one in google_storage_bucket.archive :
      one.uniform_bucket_level_access && one.public_access_prevention == "enforced" && !one.force_destroy
    ])
    error_message = "a bucket could become public"
  }
  assert {
    condition = toset([
      for rule in google_storage_bucket.archive["production"].lifecycle_rule :
      "${one(rule.action).storage_class} ${one(rule.condition).age}" if one(rule.action).type == "SetStorageClass"
    ]) == toset(["NEARLINE 60", "COLDLINE 180"])
    error_message = "old runs do not move to colder classes"
  }
  assert {
    condition = length([
      for rule in google_storage_bucket.archive["production"].lifecycle_rule :
      rule if one(rule.action).type == "Delete"
    ]) == 0
    error_message = "runs are deleted though nobody said so"
  }
  assert {
    condition     = google_storage_bucket.archive["production"].soft_delete_policy[0].retention_duration_seconds == 604800
    error_message = "a deleted run cannot be restored for a week"
  }
}

run "deletion_by_variable" {
  command = plan

  variables {
    delete_after_days = 730
  }

  assert {
    condition = [
      for rule in google_storage_bucket.archive["production"].lifecycle_rule :
      one(rule.condition).age if one(rule.action).type == "Delete"
    ] == [730]
    error_message = "the variable does nothing"
  }
}

run "the_fence_is_repository_owner_environment_and_ref" {
  command = plan

  assert {
    condition = {
      for name, one in google_iam_workload_identity_pool_provider.github : name => one.attribute_condition
      } == {
      for name, ref in { production = "main", staging = "ci-cd" } : name => join(" && ", [
        "assertion.repository_owner_id == '42'",
        "assertion.repository_id == '4711'",
        "assertion.environment == '${name}'",
        "assertion.ref == 'refs/heads/${ref}'",
        "assertion.event_name in ['push', 'workflow_dispatch']",
      ])
    }
    error_message = "another repository's workflow, or another environment's, could deploy"
  }
  assert {
    condition = {
      for name, one in google_service_account_iam_member.github : name => [one.service_account_id, one.member]
      } == {
      for name in ["production", "staging"] :
      name => ["the ${name} deployer", "principalSet://iam.googleapis.com/the pool/attribute.environment/${name}"]
    }
    error_message = "an environment's workflow becomes another's deployer"
  }
}

run "a_deployer_has_its_own_service_and_jobs_only" {
  command = plan

  variables {
    deployed = ["production", "staging"]
  }

  assert {
    condition = {
      for name, one in google_cloud_run_v2_service_iam_member.deployer : one.name => one.member
    } == { mmm-app = "serviceAccount:deployer", mmm-app-staging = "serviceAccount:deployer-staging" }
    error_message = "a deployer replaces another's service"
  }
  assert {
    condition = {
      for name, one in google_cloud_run_v2_job_iam_member.deployer : one.name => one.member
      } == {
      mmm-app-train         = "serviceAccount:deployer"
      mmm-app-check         = "serviceAccount:deployer"
      mmm-app-staging-train = "serviceAccount:deployer-staging"
      mmm-app-staging-check = "serviceAccount:deployer-staging"
    }
    error_message = "a deployer replaces another's jobs"
  }
  assert {
    condition = {
      for name, one in google_storage_bucket_iam_member.deployer_state : one.member => one.condition[0].expression
      } == {
      for name, who in { production = "deployer", staging = "deployer-staging" } :
      "serviceAccount:${who}" => "resource.name.startsWith('projects/_/buckets/acme-tf-state/objects/${name}/')"
    }
    error_message = "a deployer changes another's state"
  }
}

run "nothing_on_what_is_not_there" {
  command = plan

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.deployer) == 0
    error_message = "rights are given on a service that is not there"
  }
}

run "identities_may_little" {
  command = plan

  assert {
    condition     = google_artifact_registry_repository_iam_member.deployer["production"].role == "roles/artifactregistry.writer"
    error_message = "the deployer could not push an image"
  }
  assert {
    condition = (
      toset([for one in google_project_iam_member.deployer : one.role]) ==
      toset(["roles/monitoring.editor"])
    )
    error_message = "the deployer's roles on the project are others"
  }
  assert {
    condition = alltrue([
      for one in google_storage_bucket_iam_member.runtime : one.role == "roles/storage.objectUser"
    ])
    error_message = "a runtime may more than read and write objects"
  }
  assert {
    condition = { for name, one in google_service_account_iam_member.runtime_signs : name => [one.service_account_id, one.member] } == {
      production = ["the production runtime", "serviceAccount:production"]
      staging    = ["the staging runtime", "serviceAccount:staging"]
    }
    error_message = "a runtime signs as somebody else"
  }
  assert {
    condition = (
      google_storage_bucket_iam_member.runtime["staging"].bucket == "mmm-app-output-staging" &&
      google_storage_bucket_iam_member.runtime["staging"].member == "serviceAccount:staging"
    )
    error_message = "staging reaches another bucket"
  }
  assert {
    condition = (
      keys(google_service_account_iam_member.batch) == ["production"] &&
      endswith(
        google_service_account_iam_member.batch["production"].member,
        "/attribute.workflow_ref/acme/mmm/.github/workflows/train.yml@refs/heads/main",
      )
    )
    error_message = "another workflow than train.yml on main becomes the runtime"
  }
}

run "no_secret_no_budget_by_default" {
  command = plan

  assert {
    condition     = length(google_secret_manager_secret.this) == 0 && length(google_billing_budget.monthly) == 0
    error_message = "something is made that nobody asked for"
  }
}

run "budget_and_secrets_when_asked" {
  command = plan

  variables {
    billing_account = "01AB23-45CD67-89EF01"
    monthly_budget  = 250
    environments = {
      production = { bucket = "acme-mmm", service_account = "mmm-trainer-sa", service = "mmm-app", ref = "refs/heads/main", secrets = ["mmm-snowflake-prod"] }
      staging    = { bucket = "acme-mmm-staging", service_account = "mmm-trainer-staging-sa", service = "mmm-app-staging", ref = "refs/heads/ci-cd" }
    }
  }

  assert {
    condition     = google_billing_budget.monthly[0].amount[0].specified_amount[0].units == "250"
    error_message = "the budget is another"
  }
  assert {
    condition     = keys(google_secret_manager_secret_iam_member.runtime) == ["production/mmm-snowflake-prod"]
    error_message = "staging can read production's secret, or production cannot"
  }
}

run "audit_of_bucket_and_registry" {
  command = plan

  assert {
    condition = alltrue([
      for service in ["storage.googleapis.com", "artifactregistry.googleapis.com"] :
      toset(google_project_iam_audit_config.data_access[service].audit_log_config[*].log_type) ==
      toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
    ])
    error_message = "nobody could say who read what"
  }
  assert {
    condition     = google_logging_project_bucket_config.default.retention_days == 30
    error_message = "logs are kept for another time"
  }
}

run "a_shared_bucket_is_refused" {
  command = plan
  variables {
    environments = {
      production = { bucket = "acme-mmm", service_account = "mmm-trainer-sa", service = "mmm-app", ref = "refs/heads/main" }
      staging    = { bucket = "acme-mmm", service_account = "mmm-trainer-staging-sa", service = "mmm-app-staging", ref = "refs/heads/ci-cd" }
    }
  }
  expect_failures = [var.environments]
}

run "wildcards_are_no_repository" {
  command = plan
  variables {
    github_repository = "acme/*"
    environments = {
      production = { bucket = "acme-mmm", service_account = "mmm-trainer-sa", service = "mmm-app", ref = "refs/heads/*" }
    }
  }
  expect_failures = [var.github_repository, var.environments]
}

run "pull_requests_do_not_deploy" {
  command = plan
  variables {
    environments = {
      production = { bucket = "acme-mmm", service_account = "mmm-trainer-sa", service = "mmm-app", ref = "refs/pull/1/merge" }
    }
  }
  expect_failures = [var.environments]
}

run "a_week_is_too_short_for_a_run" {
  command = plan
  variables {
    delete_after_days = 7
  }
  expect_failures = [var.delete_after_days]
}
