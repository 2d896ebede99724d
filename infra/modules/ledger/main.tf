# The ledger: a Firestore database, the few indexes that its questions need, and
# the field that lets a document expire.
#
# Firestore indexes every field unless it is told otherwise. Here nothing is
# indexed but what somebody asks for: most of a document is sealed, an index over
# times or days would be written at one end by everybody, and each index makes
# every commit dearer.

variable "project" {
  description = "The project."
  type        = string
}

variable "location" {
  description = "A region or multi-region; for good."
  type        = string
}

variable "recovery" {
  description = "Whether every minute of the last seven days can be restored."
  type        = bool
}

variable "user" {
  description = "Who reads and writes documents, as a member."
  type        = string
}

locals {
  # The collections under tenants/{tenant} whose documents expire: all but
  # watermarks and epochs, of which there is one a number and one a tenant.
  expiring = ["appointments", "audit", "conversations", "dead", "handoffs", "messages", "sent", "turns"]

  # What operators ask: what is parked, what a person owns, what happened last.
  indexed = {
    audit         = { field = "at", order = "DESCENDING" }
    conversations = { field = "owner", order = "ASCENDING" }
    dead          = { field = "at", order = "DESCENDING" }
    turns         = { field = "parked", order = "ASCENDING" }
  }

  # And what they ask of one conversation.
  indexed_too = {
    audit = { field = "conversation", order = "ASCENDING" }
  }

  # A day of the audit record, for an export: by shard first, so that the index
  # grows in many places at once.
  audited = ["audit", "turns"]
}

resource "google_firestore_database" "ledger" {
  project     = var.project
  name        = "(default)"
  location_id = var.location
  type        = "FIRESTORE_NATIVE"

  # Preconditions decide who wins; no transaction of ours reads.
  concurrency_mode = "OPTIMISTIC"

  point_in_time_recovery_enablement = var.recovery ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  deletion_policy                   = "ABANDON"

  lifecycle {
    prevent_destroy = true
  }
}

# A week, and no longer: a backup also keeps what has expired or was erased since.
resource "google_firestore_backup_schedule" "daily" {
  project   = var.project
  database  = google_firestore_database.ledger.name
  retention = "604800s"

  daily_recurrence {}
}

resource "google_firestore_field" "unindexed" {
  for_each = toset(concat(local.expiring, ["epochs", "watermarks"]))

  project    = var.project
  database   = google_firestore_database.ledger.name
  collection = each.key
  field      = "*"

  index_config {}
}

resource "google_firestore_field" "expiry" {
  for_each = toset(local.expiring)

  project    = var.project
  database   = google_firestore_database.ledger.name
  collection = each.key
  field      = "expires_at"

  index_config {}
  ttl_config {}

  # Firestore changes one field of a collection at a time.
  depends_on = [google_firestore_field.unindexed]
}

resource "google_firestore_field" "indexed" {
  for_each = local.indexed

  project    = var.project
  database   = google_firestore_database.ledger.name
  collection = each.key
  field      = each.value.field

  index_config {
    indexes {
      order       = each.value.order
      query_scope = "COLLECTION"
    }
  }

  depends_on = [google_firestore_field.expiry]
}

resource "google_firestore_field" "indexed_too" {
  for_each = local.indexed_too

  project    = var.project
  database   = google_firestore_database.ledger.name
  collection = each.key
  field      = each.value.field

  index_config {
    indexes {
      order       = each.value.order
      query_scope = "COLLECTION"
    }
  }

  # One field of a collection at a time.
  depends_on = [google_firestore_field.indexed]
}

resource "google_firestore_index" "day" {
  for_each = toset(local.audited)

  project     = var.project
  database    = google_firestore_database.ledger.name
  collection  = each.key
  query_scope = "COLLECTION"

  fields {
    field_path = "shard"
    order      = "ASCENDING"
  }

  fields {
    field_path = "day"
    order      = "ASCENDING"
  }

  depends_on = [google_firestore_field.indexed]
}

resource "google_project_iam_member" "user" {
  project = var.project
  role    = "roles/datastore.user"
  member  = var.user
}

output "database" {
  description = "FIRESTORE_DATABASE_ID of the worker."
  value       = google_firestore_database.ledger.name
}
