# The queues: docs/operations.md has the settings and why.

mock_provider "google" {
  override_during = plan
}

variables {
  project   = "example"
  region    = "us-central1"
  capacity  = 2000
  enqueuers = { ingress = "serviceAccount:atende-ingress@example.iam.gserviceaccount.com", worker = "serviceAccount:atende-worker@example.iam.gserviceaccount.com" }
  invoker   = "projects/example/serviceAccounts/atende-tasks@example.iam.gserviceaccount.com"
}

run "settings" {
  command = plan

  module {
    source = "./modules/queues"
  }

  assert {
    condition     = toset(values(output.names)) == toset(["atende-inbound", "atende-status", "atende-timer"])
    error_message = "The names that the programs take when they are told none."
  }
  assert {
    condition = alltrue([for q in google_cloud_tasks_queue.queue :
      q.retry_config[0].max_attempts == -1 && q.retry_config[0].max_retry_duration == "0s"
    ])
    error_message = "No task is ever deleted for having failed often or long."
  }
  assert {
    condition     = alltrue([for q in google_cloud_tasks_queue.queue : q.retry_config[0].min_backoff == "2s" && q.retry_config[0].max_doublings == 5])
    error_message = "Quick after a hiccup, gentle in an outage."
  }
  assert {
    condition     = { for k, q in google_cloud_tasks_queue.queue : k => q.retry_config[0].max_backoff } == { inbound = "300s", status = "15s", timer = "300s" }
    error_message = "A receipt comes again well within AMBIGUITY_WINDOW."
  }
  assert {
    condition     = { for k, q in google_cloud_tasks_queue.queue : k => q.rate_limits[0].max_dispatches_per_second } == { inbound = 500, status = 500, timer = 100 }
    error_message = "500 a second is the most there is."
  }
  assert {
    condition     = { for k, q in google_cloud_tasks_queue.queue : k => q.rate_limits[0].max_concurrent_dispatches } == { inbound = 1000, status = 500, timer = 100 }
    error_message = "Together four fifths of what the workers can handle."
  }
}

run "few_workers_get_few_tasks" {
  command = plan

  module {
    source = "./modules/queues"
  }

  variables {
    capacity = 10
  }

  assert {
    condition     = { for k, q in google_cloud_tasks_queue.queue : k => q.rate_limits[0].max_concurrent_dispatches } == { inbound = 5, status = 2, timer = 1 }
    error_message = "Fewer at a time, and never none."
  }
}

run "many_workers_meet_the_limit" {
  command = plan

  module {
    source = "./modules/queues"
  }

  variables {
    capacity = 100000
  }

  assert {
    condition     = alltrue([for q in google_cloud_tasks_queue.queue : q.rate_limits[0].max_concurrent_dispatches <= 5000])
    error_message = "Cloud Tasks takes no more than 5000."
  }
}

run "enqueuers_may_no_more_than_they_must" {
  command = plan

  module {
    source = "./modules/queues"
  }

  assert {
    condition     = toset([for g in google_cloud_tasks_queue_iam_member.grant : g.role]) == toset(["roles/cloudtasks.enqueuer", "roles/cloudtasks.viewer"])
    error_message = "Put in and look: neither pause nor purge."
  }
  assert {
    condition     = length(google_cloud_tasks_queue_iam_member.grant) == 3 * 2 * 2
    error_message = "Both services, each queue."
  }
  assert {
    condition     = alltrue([for g in google_service_account_iam_member.sign : g.role == "roles/iam.serviceAccountUser" && g.service_account_id == var.invoker])
    error_message = "They act as the account of tasks alone."
  }
}
