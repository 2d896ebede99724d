# One service on Cloud Run, under an account of its own. Who may invoke it is
# given from outside, and is all that decides it: a service that takes requests
# from inside only refuses to be open to everybody.
#
# Terraform says how a service runs. Which image it runs, and which revision gets
# traffic, the deployment says: it rolls forward and back without Terraform.

variable "project" {
  description = "The project."
  type        = string
}

variable "region" {
  description = "Where it runs."
  type        = string
}

variable "name" {
  description = "The service's name."
  type        = string
}

variable "image" {
  description = "The image of the first revision; later ones are deployed."
  type        = string
}

variable "account" {
  description = "The e-mail of the account that it acts as."
  type        = string
}

variable "instances" {
  description = "At least and at most so many."
  type        = object({ min = number, max = number })
}

variable "concurrency" {
  description = "How many requests an instance handles at a time."
  type        = number
}

variable "timeout" {
  description = "How long a request may take, in seconds."
  type        = number
}

variable "environment" {
  description = "Variables with their values."
  type        = map(string)
}

variable "mounted" {
  description = "Variables whose value is the newest version of a secret; the secret's name ends with that of the environment."
  type        = map(string)
}

variable "reach" {
  description = "From where requests are taken at all: INGRESS_TRAFFIC_ALL or INGRESS_TRAFFIC_INTERNAL_ONLY. Cloud Tasks of the same project counts as inside."
  type        = string
}

variable "invokers" {
  description = "Who may invoke it, as members, by name."
  type        = map(string)

  validation {
    condition     = var.reach == "INGRESS_TRAFFIC_ALL" || !contains(values(var.invokers), "allUsers") && !contains(values(var.invokers), "allAuthenticatedUsers")
    error_message = "A service that is closed to the outside is open to no one who is not named."
  }
}

resource "google_cloud_run_v2_service" "service" {
  project  = var.project
  location = var.region
  name     = var.name
  ingress  = var.reach

  template {
    service_account                  = var.account
    timeout                          = "${var.timeout}s"
    max_instance_request_concurrency = var.concurrency

    scaling {
      min_instance_count = var.instances.min
      max_instance_count = var.instances.max
    }

    containers {
      image = var.image

      resources {
        limits = {
          cpu    = "1"
          memory = "512Mi"
        }
        # Nothing runs after a response, so the processor is paid for during
        # requests alone; at a start there is more of it.
        cpu_idle          = true
        startup_cpu_boost = true
      }

      # Ready means that secrets are resolved and that the queues, and the
      # worker's ledger, answer: a revision that never gets so far gets no
      # traffic. Asked every second, because a start is shorter than one; for a
      # minute, because a secret is waited for half of it.
      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 60

        http_get {
          path = "/ready"
        }
      }

      # A restart cures no dependency, so this asks for none.
      liveness_probe {
        period_seconds    = 10
        timeout_seconds   = 3
        failure_threshold = 3

        http_get {
          path = "/health"
        }
      }

      dynamic "env" {
        for_each = var.environment

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = var.mounted

        content {
          name = env.key

          value_source {
            secret_key_ref {
              secret  = "${env.value}-${var.environment["ENVIRONMENT"]}"
              version = "latest"
            }
          }
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [
      client,
      client_version,
      template[0].containers[0].image,
      template[0].labels,
      template[0].revision,
      traffic,
    ]
  }
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = var.invokers

  project  = var.project
  location = var.region
  name     = google_cloud_run_v2_service.service.name
  role     = "roles/run.invoker"
  member   = each.value
}

output "name" {
  description = "The service's name."
  value       = google_cloud_run_v2_service.service.name
}

output "invokers" {
  description = "Who may invoke it, as members."
  value       = toset([for grant in google_cloud_run_v2_service_iam_member.invoker : grant.member])
}

output "reach" {
  description = "From where requests are taken."
  value       = google_cloud_run_v2_service.service.ingress
}

output "account" {
  description = "The e-mail of the account that it acts as."
  value       = google_cloud_run_v2_service.service.template[0].service_account
}
