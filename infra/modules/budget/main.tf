# What Google Cloud may cost in a month. It limits nothing: it tells in time. What
# OpenAI costs is watched by the log (modules/watch), and Meta has its own.

variable "billing_account" {
  description = "The account that pays."
  type        = string
}

variable "project_number" {
  description = "Whose cost is counted."
  type        = string
}

variable "environment" {
  description = "For the budget's name."
  type        = string
}

variable "amount" {
  description = "Whole units of the billing account's currency, a month."
  type        = number
}

variable "channels" {
  description = "Who is told beside those who administer the account; five at most."
  type        = list(string)
}

resource "google_billing_budget" "month" {
  billing_account = var.billing_account
  display_name    = "Atende ${var.environment}"

  budget_filter {
    projects        = ["projects/${var.project_number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      units = tostring(var.amount)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]

    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "CURRENT_SPEND"
    }
  }

  threshold_rules {
    threshold_percent = 1.0
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    monitoring_notification_channels = slice(var.channels, 0, min(5, length(var.channels)))
  }
}
