# One environment whole, as staging.tfvars and production.tfvars have it: the
# check runs these tests once with each. Nothing here names a cloud.

mock_provider "google" {
  # Values are made up when something is planned, too, so that nothing has to be
  # applied.
  override_during = plan
}

variables {
  alert_emails    = ["operator@example.com"]
  billing_account = "000000-000000-000000"
}

override_data {
  target = data.google_project.this
  values = { number = "123456789012" }
}

override_resource {
  target          = module.identities.google_service_account.account["ingress"]
  override_during = plan
  values = {
    email  = "atende-ingress@example.iam.gserviceaccount.com"
    member = "serviceAccount:atende-ingress@example.iam.gserviceaccount.com"
    name   = "projects/example/serviceAccounts/atende-ingress@example.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = module.identities.google_service_account.account["worker"]
  override_during = plan
  values = {
    email  = "atende-worker@example.iam.gserviceaccount.com"
    member = "serviceAccount:atende-worker@example.iam.gserviceaccount.com"
    name   = "projects/example/serviceAccounts/atende-worker@example.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = module.identities.google_service_account.account["invoker"]
  override_during = plan
  values = {
    email  = "atende-tasks@example.iam.gserviceaccount.com"
    member = "serviceAccount:atende-tasks@example.iam.gserviceaccount.com"
    name   = "projects/example/serviceAccounts/atende-tasks@example.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = module.identities.google_service_account.account["build"]
  override_during = plan
  values = {
    email  = "atende-build@example.iam.gserviceaccount.com"
    member = "serviceAccount:atende-build@example.iam.gserviceaccount.com"
    name   = "projects/example/serviceAccounts/atende-build@example.iam.gserviceaccount.com"
  }
}

run "worker_is_private" {
  command = plan

  assert {
    condition     = module.worker.invokers == toset(["serviceAccount:atende-tasks@example.iam.gserviceaccount.com"])
    error_message = "The tasks' identity alone invokes the worker: TASKS_AUTH=platform rests on it."
  }
  assert {
    condition     = module.worker.reach == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    error_message = "Nothing from outside reaches the worker."
  }
  assert {
    condition     = module.ingress.invokers == toset(["allUsers"]) && module.ingress.reach == "INGRESS_TRAFFIC_ALL"
    error_message = "Meta reaches the ingress, without an identity of Google's."
  }
}

run "services_know_each_other" {
  command = plan

  assert {
    condition     = output.worker_url == "https://atende-worker-123456789012.${var.region}.run.app"
    error_message = "The worker's address is the one that is known before it exists."
  }
  assert {
    condition = alltrue([for told in values(local.environment) :
      told["WORKER_URL"] == output.worker_url && told["WORKER_AUDIENCE"] == output.worker_url &&
      told["TASKS_INVOKER_EMAIL"] == "atende-tasks@example.iam.gserviceaccount.com"
    ])
    error_message = "Both services sign for the same address and identity, which the worker checks."
  }
  assert {
    condition     = length(split(".", trimprefix(output.worker_url, "https://"))[0]) <= 63
    error_message = "A longer name has no deterministic address."
  }
  assert {
    condition     = local.environment.worker["TASKS_AUTH"] == "platform"
    error_message = "Cloud Run takes the token's signature away, so oidc would refuse every task."
  }
}

run "accounts_are_different" {
  command = plan

  assert {
    condition     = length(toset(values(module.identities.members))) == 4
    error_message = "Each service, the tasks and the build act as themselves."
  }
  assert {
    condition     = module.ingress.account == module.identities.ingress.email && module.worker.account == module.identities.worker.email
    error_message = "Each service runs as its own account."
  }
}

run "secrets_go_to_who_is_told" {
  command = plan

  assert {
    condition = length(setintersection(local.reads.ingress, [
      "whatsapp-access-token", "openai-api-key", "handoff-webhook-url", "handoff-webhook-secret", "handoff-whatsapp-to",
    ])) == 0
    error_message = "The ingress can neither send nor ask a model, nor call anybody in."
  }
  assert {
    condition = length(setintersection(local.reads.worker, [
      "whatsapp-verify-token", "whatsapp-webhook-secret", "flow-private-key", "flow-private-key-passphrase",
    ])) == 0
    error_message = "The worker cannot sign a webhook."
  }
  assert {
    condition     = length(setintersection(local.reads.build, ["contact-hash-key", "data-key", "whatsapp-access-token", "openai-api-key", "redis-url"])) == 0
    error_message = "The build reads nobody's data and sends nothing."
  }
  assert {
    condition     = length(module.secrets.readers) == length(local.reads.ingress) + length(local.reads.worker) + length(local.reads.build)
    error_message = "Nobody else reads a secret."
  }
  assert {
    condition     = alltrue([for name in module.secrets.names : endswith(name, "-${var.environment}")])
    error_message = "A secret's name ends with the environment's: that is what secret:NAME is resolved to."
  }
  assert {
    condition     = alltrue([for told in values(local.environment) : alltrue([for name in ["REDIS_URL", "CONTACT_HASH_KEY", "DATA_KEY"] : startswith(told[name], "secret:")])])
    error_message = "What is secret is named, never given."
  }
}

run "build_only_deploys" {
  command = plan

  assert {
    condition     = alltrue([for grant in google_cloud_run_v2_service_iam_member.build : grant.role == "roles/run.developer"])
    error_message = "It deploys, and cannot make a service public."
  }
  assert {
    condition     = keys(google_service_account_iam_member.build) == ["ingress", "worker"]
    error_message = "It acts as the two services' accounts, and not as the tasks'."
  }
  assert {
    condition     = google_project_iam_member.build_log.role == "roles/logging.logWriter"
    error_message = "On the project as a whole it writes logs."
  }
  assert {
    condition     = toset(keys(google_project_iam_member.build_reads)) == toset(["roles/logging.viewer", "roles/run.viewer"])
    error_message = "It reads the services' log and settings, and nothing else of the project."
  }
  assert {
    condition     = contains(local.reads.build, "smoke-contact") == (var.environment == "staging")
    error_message = "Only staging's trial is from somebody."
  }
  assert {
    condition     = !contains(setunion(local.reads.ingress, local.reads.worker), "smoke-contact")
    error_message = "No service knows who tries it."
  }
}

run "production_calls_somebody" {
  command = plan

  variables {
    environment = "production"
    handoff     = {}
  }

  expect_failures = [var.handoff]
}

run "development_needs_no_cloud" {
  command = plan

  variables {
    environment = "development"
  }

  expect_failures = [var.environment]
}

run "settings_hold_no_secret" {
  command = plan

  variables {
    settings = { OPENAI_API_KEY = "secret:openai-api-key" }
  }

  expect_failures = [var.settings]
}

run "every_way_of_calling_has_its_secrets" {
  command = plan

  variables {
    handoff = { webhook = true, whatsapp = true, template = "aviso" }
    flows   = { enabled = true, passphrase = true }
  }

  assert {
    condition = length(setsubtract([
      "handoff-webhook-url", "handoff-webhook-secret", "handoff-whatsapp-to",
    ], local.reads.worker)) == 0
    error_message = "The worker reads what it calls people in with."
  }
  assert {
    condition     = local.mounted.worker["HANDOFF_WHATSAPP_TO"] == "handoff-whatsapp-to" && local.environment.worker["HANDOFF_TEMPLATE"] == "aviso"
    error_message = "The team's number is mounted, since the worker takes no reference for it."
  }
  assert {
    condition     = length(setsubtract(["flow-private-key", "flow-private-key-passphrase"], local.reads.ingress)) == 0
    error_message = "The ingress reads what it opens forms with."
  }
}
