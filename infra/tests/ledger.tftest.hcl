# The ledger. That collections and fields are the code's, a test in Go says.

mock_provider "google" {
  override_during = plan
}

variables {
  project  = "example"
  location = "us-central1"
  recovery = true
  user     = "serviceAccount:atende-worker@example.iam.gserviceaccount.com"
}

run "database" {
  command = plan

  module {
    source = "./modules/ledger"
  }

  assert {
    condition = (
      google_firestore_database.ledger.type == "FIRESTORE_NATIVE" && google_firestore_database.ledger.name == "(default)" &&
      google_firestore_database.ledger.delete_protection_state == "DELETE_PROTECTION_ENABLED" &&
      google_firestore_database.ledger.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED"
    )
    error_message = "The ledger can be restored and is not deleted by accident."
  }
  assert {
    condition     = google_firestore_backup_schedule.daily.retention == "604800s"
    error_message = "A backup outlives neither a week nor what was erased for longer."
  }
  assert {
    condition     = google_project_iam_member.user.role == "roles/datastore.user"
    error_message = "The worker reads and writes documents, and changes neither indexes nor the database."
  }
}

run "fields" {
  command = plan

  module {
    source = "./modules/ledger"
  }

  assert {
    condition     = alltrue([for f in google_firestore_field.expiry : f.field == "expires_at" && length(f.ttl_config) == 1 && length(f.index_config[0].indexes) == 0])
    error_message = "Documents expire, and no index grows with the time."
  }
  assert {
    condition     = alltrue([for f in google_firestore_field.unindexed : f.field == "*" && length(f.index_config[0].indexes) == 0])
    error_message = "Nothing is indexed that nobody asks for, day among it."
  }
  assert {
    condition     = alltrue([for f in merge(google_firestore_field.indexed, { for k, v in google_firestore_field.indexed_too : "${k} too" => v }) : length(f.index_config[0].indexes) == 1 && one(f.index_config[0].indexes).query_scope == "COLLECTION"])
    error_message = "One index for each question, within one tenant."
  }
  assert {
    condition     = alltrue([for i in google_firestore_index.day : [for f in i.fields : f.field_path] == ["shard", "day"]])
    error_message = "An index over days is written in many places at once."
  }
}

run "no_recovery" {
  command = plan

  module {
    source = "./modules/ledger"
  }

  variables {
    recovery = false
  }

  assert {
    condition     = google_firestore_database.ledger.point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_DISABLED"
    error_message = "It costs, so it is asked for."
  }
}
