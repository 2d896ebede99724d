# How a service runs.

mock_provider "google" {
  override_during = plan
}

variables {
  project     = "example"
  region      = "us-central1"
  name        = "atende-worker"
  image       = "us-central1-docker.pkg.dev/example/atende/worker:staging"
  account     = "atende-worker@example.iam.gserviceaccount.com"
  instances   = { min = 1, max = 4 }
  concurrency = 80
  timeout     = 120
  environment = { ENVIRONMENT = "staging", DATA_KEY = "secret:data-key" }
  mounted     = { WHATSAPP_PHONE_NUMBER_ID = "whatsapp-phone-number-id" }
  reach       = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  invokers    = { tasks = "serviceAccount:atende-tasks@example.iam.gserviceaccount.com" }
}

run "runs_as_measured" {
  command = plan

  module {
    source = "./modules/service"
  }

  assert {
    condition = (
      google_cloud_run_v2_service.service.template[0].timeout == "120s" &&
      google_cloud_run_v2_service.service.template[0].max_instance_request_concurrency == 80 &&
      google_cloud_run_v2_service.service.template[0].service_account == "atende-worker@example.iam.gserviceaccount.com" &&
      google_cloud_run_v2_service.service.template[0].scaling[0].min_instance_count == 1 &&
      google_cloud_run_v2_service.service.template[0].scaling[0].max_instance_count == 4
    )
    error_message = "What it is told to be, it is."
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].containers[0].resources[0].startup_cpu_boost && google_cloud_run_v2_service.service.template[0].containers[0].resources[0].cpu_idle
    error_message = "More processor at a start, none between requests: nothing of ours runs there."
  }
  assert {
    condition = (
      google_cloud_run_v2_service.service.template[0].containers[0].startup_probe[0].http_get[0].path == "/ready" &&
      google_cloud_run_v2_service.service.template[0].containers[0].liveness_probe[0].http_get[0].path == "/health"
    )
    error_message = "A revision gets traffic once it is ready; one that lost a dependency is not restarted for it."
  }
  assert {
    condition     = google_cloud_run_v2_service.service.template[0].containers[0].startup_probe[0].failure_threshold * google_cloud_run_v2_service.service.template[0].containers[0].startup_probe[0].period_seconds > 30
    error_message = "A secret is waited for half a minute: the program says which, before the platform gives up."
  }
}

run "secrets_are_named" {
  command = plan

  module {
    source = "./modules/service"
  }

  assert {
    condition     = one([for e in google_cloud_run_v2_service.service.template[0].containers[0].env : e.value if e.name == "DATA_KEY"]) == "secret:data-key"
    error_message = "The program is told a secret's name."
  }
  assert {
    condition = one([for e in google_cloud_run_v2_service.service.template[0].containers[0].env :
      "${e.value_source[0].secret_key_ref[0].secret}/${e.value_source[0].secret_key_ref[0].version}" if e.name == "WHATSAPP_PHONE_NUMBER_ID"
    ]) == "whatsapp-phone-number-id-staging/latest"
    error_message = "What the program takes no reference for, Cloud Run reads at a start."
  }
}

run "private_is_private" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    invokers = { everybody = "allUsers" }
  }

  expect_failures = [var.invokers]
}

run "private_is_private_to_strangers_too" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    invokers = { strangers = "allAuthenticatedUsers" }
  }

  expect_failures = [var.invokers]
}
