# The budget.

mock_provider "google" {
  override_during = plan
}

run "tells_in_time" {
  command = plan

  module {
    source = "./modules/budget"
  }

  variables {
    billing_account = "000000-000000-000000"
    project_number  = "123456789012"
    environment     = "staging"
    amount          = 50
    channels        = [for n in range(7) : "projects/example/notificationChannels/${n}"]
  }

  assert {
    condition     = toset([for r in google_billing_budget.month.threshold_rules : "${r.spend_basis} ${r.threshold_percent}"]) == toset(["CURRENT_SPEND 0.5", "CURRENT_SPEND 0.9", "CURRENT_SPEND 1", "FORECASTED_SPEND 1"])
    error_message = "At half, at nine tenths, when it is spent, and when it will be."
  }
  assert {
    condition     = toset(google_billing_budget.month.budget_filter[0].projects) == toset(["projects/123456789012"]) && google_billing_budget.month.amount[0].specified_amount[0].units == "50"
    error_message = "This project's cost is counted."
  }
  assert {
    condition     = length(google_billing_budget.month.all_updates_rule[0].monitoring_notification_channels) == 5
    error_message = "A budget tells five channels at most."
  }
}
