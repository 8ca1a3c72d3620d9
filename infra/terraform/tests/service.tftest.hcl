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
  project_id = "acme-analytics"
  image      = "europe-west1-docker.pkg.dev/acme-analytics/mmm-repo/mmm-app:abc123"
}

run "production_is_private_and_scales_to_zero" {
  command = plan

  variables {
    environment = "production"
    bucket_name = "mmm-app-output"
    people      = ["group:science@example.com"]
    notify      = ["oncall@example.com"]
  }

  assert {
    condition     = google_cloud_run_v2_service.dashboard.name == "mmm-app"
    error_message = "the service has another name"
  }
  assert {
    condition     = google_cloud_run_v2_service.dashboard.iap_enabled
    error_message = "IAP is not in front"
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.everybody) == 0
    error_message = "everybody may call the service"
  }
  assert {
    condition = (
      [for one in google_cloud_run_v2_service_iam_member.invoker : one.member] ==
      ["serviceAccount:service-123456789012@gcp-sa-iap.iam.gserviceaccount.com"]
    )
    error_message = "somebody else than IAP may call the service"
  }
  assert {
    condition = (
      toset([for one in google_iap_web_cloud_run_service_iam_member.visitor : one.member]) == toset([
        "group:science@example.com",
        "serviceAccount:github-deployer@acme-analytics.iam.gserviceaccount.com",
      ])
    )
    error_message = "others than the people and the smoke test pass IAP"
  }
  assert {
    condition = (
      google_cloud_run_v2_service.dashboard.scaling[0].min_instance_count == 0 &&
      google_cloud_run_v2_service.dashboard.template[0].scaling[0].max_instance_count == 1
    )
    error_message = "it does not scale from zero to one"
  }
  assert {
    condition = (
      google_cloud_run_v2_service.dashboard.template[0].max_instance_request_concurrency == 80 &&
      google_cloud_run_v2_service.dashboard.template[0].session_affinity
    )
    error_message = "a page would not find its kernel"
  }
  assert {
    condition = (
      google_cloud_run_v2_service.dashboard.template[0].service_account ==
      "mmm-trainer-sa@acme-analytics.iam.gserviceaccount.com"
    )
    error_message = "it runs as somebody else"
  }
  assert {
    condition = tomap({
      for one in google_cloud_run_v2_service.dashboard.template[0].containers[0].env : one.name => one.value
      }) == tomap({
      APP_ROOT                  = "/app"
      GCS_BUCKET                = "mmm-app-output"
      GOOGLE_CLOUD_PROJECT      = "acme-analytics"
      MMM_BEHIND_IAP            = "true"
      MMM_CLOUDRUN_JOB          = "mmm-app-train"
      MMM_CLOUDRUN_PLACES       = "1"
      MMM_CLOUDRUN_REGION       = "europe-west1"
      MMM_EXECUTORS             = "cloudrun"
      MMM_IAP_AUDIENCE          = "/projects/123456789012/locations/europe-west1/services/mmm-app"
      MMM_LOG                   = "json"
      MMM_ONLY_ROOT             = "gs://mmm-app-output"
      MMM_ROOT                  = "gs://mmm-app-output"
      RUN_SERVICE_ACCOUNT_EMAIL = "mmm-trainer-sa@acme-analytics.iam.gserviceaccount.com"
    })
    error_message = "the environment is another"
  }
  assert {
    condition     = length(google_monitoring_notification_channel.email) == 1
    error_message = "nobody is told of alerts"
  }
  assert {
    condition = alltrue([
      for one in google_monitoring_alert_policy.this : length(one.notification_channels) == 1
    ])
    error_message = "an alert tells nobody"
  }
}

run "a_training_is_executed_once_with_four_processors" {
  command = plan

  variables {
    environment = "production"
    bucket_name = "mmm-app-output"
  }

  assert {
    condition     = google_cloud_run_v2_job.training.name == "mmm-app-train"
    error_message = "the launcher would not find the job"
  }
  assert {
    condition = (
      google_cloud_run_v2_job.training.template[0].template[0].max_retries == 0 &&
      google_cloud_run_v2_job.training.template[0].task_count == 1
    )
    error_message = "a run would be executed twice"
  }
  assert {
    condition = (
      google_cloud_run_v2_job.training.template[0].template[0].timeout == "86400s" &&
      google_cloud_run_v2_job.training.template[0].template[0].containers[0].resources[0].limits ==
      tomap({ cpu = "4", memory = "16Gi" })
    )
    error_message = "its size is another"
  }
  assert {
    condition = (
      toset([for one in google_cloud_run_v2_job_iam_member.runtime : one.role]) ==
      toset(["roles/run.jobsExecutorWithOverrides", "roles/run.viewer"])
    )
    error_message = "the dashboard could not start, follow or cancel a run"
  }
}

run "staging_has_its_own_everything" {
  command = plan

  variables {
    environment     = "staging"
    service_name    = "mmm-app-staging"
    bucket_name     = "mmm-app-output-staging"
    runtime_account = "mmm-trainer-staging-sa"
  }

  assert {
    condition = (
      google_cloud_run_v2_service.dashboard.name == "mmm-app-staging" &&
      google_cloud_run_v2_job.training.name == "mmm-app-staging-train" &&
      google_logging_metric.fatal_errors.name == "mmm-app-staging/fatal_errors"
    )
    error_message = "staging meets production"
  }
  assert {
    condition     = strcontains(google_logging_metric.fatal_errors.filter, "job_name=\"mmm-app-staging-train\"")
    error_message = "the metric counts another environment's errors"
  }
}

run "without_iap_people_call_with_their_token" {
  command = plan

  variables {
    environment = "production"
    bucket_name = "mmm-app-output"
    iap         = false
    people      = ["domain:example.com"]
  }

  assert {
    condition = (
      toset([for one in google_cloud_run_v2_service_iam_member.invoker : one.member]) == toset([
        "domain:example.com",
        "serviceAccount:github-deployer@acme-analytics.iam.gserviceaccount.com",
      ]) && length(google_iap_web_cloud_run_service_iam_member.visitor) == 0
    )
    error_message = "the invokers are others"
  }
  assert {
    condition = contains([
      for one in google_cloud_run_v2_service.dashboard.template[0].containers[0].env :
      "${one.name}=${one.value}"
    ], "MMM_BEHIND_IAP=false")
    error_message = "the dashboard believes a header that anybody can send"
  }
}

run "everybody_only_when_said" {
  command = plan

  variables {
    environment           = "production"
    bucket_name           = "mmm-app-output"
    iap                   = false
    allow_unauthenticated = true
  }

  assert {
    condition     = google_cloud_run_v2_service_iam_member.everybody[0].member == "allUsers"
    error_message = "the explicit variable does nothing"
  }
}

run "everybody_and_iap_contradict" {
  command = plan
  variables {
    environment           = "production"
    bucket_name           = "mmm-app-output"
    allow_unauthenticated = true
  }
  expect_failures = [var.allow_unauthenticated]
}

run "an_audience_can_be_named" {
  command = plan
  variables {
    environment  = "production"
    bucket_name  = "mmm-app-output"
    iap_audience = "/projects/42/global/backendServices/7"
  }
  assert {
    condition = contains([
      for one in google_cloud_run_v2_service.dashboard.template[0].containers[0].env :
      "${one.name}=${one.value}"
    ], "MMM_IAP_AUDIENCE=/projects/42/global/backendServices/7")
    error_message = "another audience is checked"
  }
}

run "an_audience_is_no_address" {
  command = plan
  variables {
    environment  = "production"
    bucket_name  = "mmm-app-output"
    iap_audience = "https://mmm.example.com"
  }
  expect_failures = [var.iap_audience]
}

run "wildcards_are_no_people" {
  command = plan
  variables {
    environment = "production"
    bucket_name = "mmm-app-output"
    people      = ["allAuthenticatedUsers"]
  }
  expect_failures = [var.people]
}

run "concurrency_one_is_refused" {
  command = plan
  variables {
    environment = "production"
    bucket_name = "mmm-app-output"
    dashboard   = { concurrency = 1 }
  }
  expect_failures = [var.dashboard]
}

run "a_secret_is_no_variable" {
  command = plan
  variables {
    environment = "production"
    bucket_name = "mmm-app-output"
    variables   = { SNOWFLAKE_PASSWORD = "hunter2" }
  }
  expect_failures = [var.variables]
}

run "sizes_that_cloud_run_does_not_offer" {
  command = plan
  variables {
    environment = "production"
    bucket_name = "mmm-app-output"
    training    = { cpu = 3, memory_gib = 64, timeout = 604800 }
  }
  expect_failures = [var.training]
}

run "names_that_are_none" {
  command = plan
  variables {
    environment = "test"
    bucket_name = "gs://mmm-app-output"
    image       = "mmm-app"
    project_id  = "Acme Analytics"
  }
  expect_failures = [var.environment, var.bucket_name, var.image, var.project_id]
}

run "secrets_reach_the_containers_by_name" {
  command = plan

  variables {
    environment      = "production"
    bucket_name      = "mmm-app-output"
    variables        = { SNOWFLAKE_ACCOUNT = "ACME" }
    secret_variables = { MMM_WEBHOOK = { secret = "mmm-webhook" } }
  }

  assert {
    condition = [
      for one in google_cloud_run_v2_job.training.template[0].template[0].containers[0].env :
      one.value_source[0].secret_key_ref[0] if one.name == "MMM_WEBHOOK"
    ] == [{ secret = "mmm-webhook", version = "latest" }]
    error_message = "the job does not get the secret"
  }
}
