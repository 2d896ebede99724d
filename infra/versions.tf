terraform {
  # 1.11 is the first in which a test's mock can be told when to make up values.
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }

  # Bucket and prefix are given at init, from staging.gcs.tfbackend or
  # production.gcs.tfbackend: a backend takes no variables.
  backend "gcs" {}
}

provider "google" {
  project = var.project
  region  = var.region

  # A budget is asked for in the name of this project, not of the caller's.
  billing_project       = var.project
  user_project_override = true
}
