# The first plan of an empty project, in which nothing has an e-mail address or a
# name yet: what is to be made must not depend on what is not known.

mock_provider "google" {}

variables {
  alert_emails    = ["operator@example.com"]
  billing_account = "000000-000000-000000"
  handoff         = { webhook = true, whatsapp = true, template = "aviso" }
  flows           = { enabled = true, passphrase = true }
}

run "can_be_planned" {
  command = plan

  assert {
    condition     = length(local.accessors) == (var.environment == "staging" ? 15 : 14)
    error_message = "Every secret that there can be."
  }
}
