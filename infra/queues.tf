# The three queues between ingress and worker. Attempts are unlimited: a
# finite number would delete a task in silence. What cannot be handled is
# parked by the worker, where an operator sees it.

locals {
  queues = {
    inbound = { dispatches_per_second = 500, concurrent = 1000 }
    status  = { dispatches_per_second = 500, concurrent = 500 }
    timer   = { dispatches_per_second = 100, concurrent = 100 }
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
    max_backoff        = "300s"
    max_doublings      = 5
  }
}
