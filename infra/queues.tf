# The three queues between ingress and worker. Attempts are unlimited: a
# finite number would delete a task in silence. What cannot be handled is
# parked by the worker, where an operator sees it.

locals {
  queues = {
    inbound = { dispatches_per_second = 500, concurrent = 1000, max_backoff = "300s" }
    # A receipt that waits must reach the worker well within AMBIGUITY_WINDOW
    # of its webhook: an inbound message that overtakes it proves the channel
    # alive and would have the reply sent again.
    status = { dispatches_per_second = 500, concurrent = 500, max_backoff = "15s" }
    timer  = { dispatches_per_second = 100, concurrent = 100, max_backoff = "300s" }
  }
}

resource "google_cloud_tasks_queue" "queue" {
  for_each = local.queues

  project  = var.project
  location = var.region
  name     = "atende-${each.key}"

  rate_limits {
    max_dispatches_per_second = each.value.dispatches_per_second
    max_concurrent_dispatches = each.value.concurrent
  }

  retry_config {
    max_attempts       = -1
    max_retry_duration = "0s"
    min_backoff        = "2s"
    max_backoff        = each.value.max_backoff
    max_doublings      = 5
  }
}
