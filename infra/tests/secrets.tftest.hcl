# Secrets: names and readers.

mock_provider "google" {
  override_during = plan
}

variables {
  project     = "example"
  environment = "staging"
  accessors = {
    data-key              = { ingress = "serviceAccount:atende-ingress@example.iam.gserviceaccount.com", worker = "serviceAccount:atende-worker@example.iam.gserviceaccount.com" }
    whatsapp-access-token = { worker = "serviceAccount:atende-worker@example.iam.gserviceaccount.com" }
  }
}

run "names_and_readers" {
  command = plan

  module {
    source = "./modules/secrets"
  }

  assert {
    condition     = toset(output.names) == toset(["data-key-staging", "whatsapp-access-token-staging"])
    error_message = "A name ends with the environment's."
  }
  assert {
    condition     = toset(output.readers) == toset(["data-key/ingress", "data-key/worker", "whatsapp-access-token/worker"])
    error_message = "Who is listed reads, and nobody else."
  }
  assert {
    condition     = alltrue([for r in google_secret_manager_secret_iam_member.reader : r.role == "roles/secretmanager.secretAccessor"])
    error_message = "To read is all they may."
  }
}
