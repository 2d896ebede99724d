# The three queues between ingress and worker, and who may put something in.
# docs/operations.md says why each setting is as it is.
#
# Attempts are unlimited: a finite number would delete a task in silence. What
# cannot be handled is parked by the worker, where an operator sees it.

variable "project" {
  description = "The project."
  type        = string
}

variable "region" {
  description = "Where the queues are."
  type        = string
}

variable "capacity" {
  description = "How many requests all workers can handle at a time."
  type        = number
}

variable "enqueuers" {
  description = "Who puts tasks in, as members, by name."
  type        = map(string)
}

variable "invoker" {
  description = "The service account, by its full name, that tasks are signed for."
  type        = string
}

locals {
  # Four fifths of what the workers can handle, in sixteenths: room for what is
  # not a task, and for one instance to go.
  sixteenth = 0.8 * var.capacity / 16

  queues = {
    inbound = { dispatches_per_second = 500, sixteenths = 10, max_backoff = "300s" }
    # A receipt that waits must reach the worker well within AMBIGUITY_WINDOW
    # of its webhook: an inbound message that overtakes it proves the channel
    # alive and would have the reply sent again.
    status = { dispatches_per_second = 500, sixteenths = 5, max_backoff = "15s" }
    timer  = { dispatches_per_second = 100, sixteenths = 1, max_backoff = "300s" }
  }

  # Every enqueuer asks whether the queues are there, so that it knows itself
  # ready.
  grants = merge([
    for queue in keys(local.queues) : merge([
      for name, member in var.enqueuers : {
        for role in ["enqueuer", "viewer"] : "${queue}/${name}/${role}" => { queue = queue, member = member, role = "roles/cloudtasks.${role}" }
      }
    ]...)
  ]...)
}

resource "google_cloud_tasks_queue" "queue" {
  for_each = local.queues

  project  = var.project
  location = var.region
  name     = "atende-${each.key}"

  rate_limits {
    max_dispatches_per_second = each.value.dispatches_per_second
    max_concurrent_dispatches = min(5000, max(1, floor(each.value.sixteenths * local.sixteenth)))
  }

  retry_config {
    max_attempts       = -1
    max_retry_duration = "0s"
    min_backoff        = "2s"
    max_backoff        = each.value.max_backoff
    max_doublings      = 5
  }
}

resource "google_cloud_tasks_queue_iam_member" "grant" {
  for_each = local.grants

  project  = var.project
  location = var.region
  name     = google_cloud_tasks_queue.queue[each.value.queue].name
  role     = each.value.role
  member   = each.value.member
}

# Who makes a task that another account signs for must be allowed to act as it.
resource "google_service_account_iam_member" "sign" {
  for_each = var.enqueuers

  service_account_id = var.invoker
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}

output "names" {
  description = "The queues' ids by what they carry."
  value       = { for key, queue in google_cloud_tasks_queue.queue : key => queue.name }
}
