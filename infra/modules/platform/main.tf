# What must be on before anything else can be made, and where images lie.

variable "project" {
  description = "The project."
  type        = string
}

variable "region" {
  description = "Where images lie: near the services that start from them."
  type        = string
}

locals {
  apis = [
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudtasks.googleapis.com",
    "cloudtrace.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ]
}

resource "google_project_service" "api" {
  for_each = toset(local.apis)

  project = var.project
  service = each.key

  # Something else in the project may use it too.
  disable_on_destroy = false
}

resource "google_artifact_registry_repository" "images" {
  project       = var.project
  location      = var.region
  repository_id = "atende"
  description   = "Images of the two services."
  format        = "DOCKER"

  # Services run by digest, and a roll-back needs the image of the revision
  # before: what is newest stays, whatever its age.
  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"

    most_recent_versions {
      keep_count = 30
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      older_than = "7776000s" # 90 days
    }
  }

  depends_on = [google_project_service.api]
}

output "repository" {
  description = "The repository's name, for who may push to it."
  value       = google_artifact_registry_repository.images.name
}

output "images" {
  description = "What an image's name begins with."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}
