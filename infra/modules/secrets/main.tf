# The secrets' names and who may read each. A value is never here, nor in the
# state: people add one as a version.

variable "project" {
  description = "The project."
  type        = string
}

variable "environment" {
  description = "What the name of every secret ends with."
  type        = string
}

variable "accessors" {
  description = "By a secret's name without its end: who reads it, by a name of the reader's."
  type        = map(map(string))
}

locals {
  readings = merge([
    for secret, readers in var.accessors : { for reader, member in readers : "${secret}/${reader}" => { secret = secret, member = member } }
  ]...)
}

resource "google_secret_manager_secret" "secret" {
  for_each = toset(keys(var.accessors))

  project   = var.project
  secret_id = "${each.key}-${var.environment}"

  replication {
    auto {}
  }

  lifecycle {
    # Without contact-hash-key every contact is a stranger, and without data-key
    # nothing that was kept can be read again.
    prevent_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = local.readings

  project   = var.project
  secret_id = google_secret_manager_secret.secret[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value.member
}

output "names" {
  description = "The secrets as Secret Manager knows them."
  value       = [for secret in google_secret_manager_secret.secret : secret.secret_id]
}

output "readers" {
  description = "Who reads what, as secret/reader."
  value       = keys(google_secret_manager_secret_iam_member.reader)
}
