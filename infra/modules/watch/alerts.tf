# When somebody is called. Each alert names the part of docs/operations.md that
# says what the lead sees and what to type; a test holds them together.

locals {
  # One line of the log is enough. Told at most once in the given time.
  told = {
    parked = {
      title = "Something was given up and waits for a person", severity = "ERROR", every = "1800s", section = "when-something-is-parked"
      first = "Type atende parked list."
      match = "${local.from.worker} AND jsonPayload.message=(\"turn_parked\" OR \"task_parked\")"
    }
    doubled_reply = {
      title = "A lead got a reply twice", severity = "ERROR", every = "3600s", section = "two-timeouts-that-belong-together"
      first = "Type atende receipt with the turn of the log line."
      match = "${local.from.worker} AND jsonPayload.message=\"statuses_applied\" AND jsonPayload.duplicates>0"
    }
    identity_refused = {
      title = "Somebody called the worker who is not our queue", severity = "ERROR", every = "3600s", section = "what-the-worker-says-to-a-task"
      first = "See who may invoke the worker; nothing was done for the caller."
      match = "${local.from.worker} AND jsonPayload.message=\"task_identity_refused\""
    }
    panicked = {
      title = "A bug: a request broke off", severity = "CRITICAL", every = "1800s", section = "roll-back"
      first = "Roll back if it began with a deployment; stack_trace says where."
      match = "${local.from.both} AND jsonPayload.message=\"request_panicked\""
    }
    ledger_unclaimed = {
      title = "The worker does not become ready: CONTACT_HASH_KEY is not the ledger's", severity = "CRITICAL", every = "1800s", section = "life-of-a-service"
      first = "Give contact-hash-key the value again that it had."
      match = "${local.from.worker} AND jsonPayload.message=\"ledger_unclaimed\" AND severity>=CRITICAL"
    }
    secret_unresolved = {
      title = "A secret cannot be read", severity = "CRITICAL", every = "1800s", section = "secrets"
      first = "Look whether its newest version is enabled and whether the service may read it."
      match = "${local.from.both} AND jsonPayload.message=\"secret_unresolved\""
    }
    account = {
      title = "Meta reports trouble with the account, a number or a template", severity = "CRITICAL", every = "3600s", section = "logs"
      first = "kind and reason of the log line say which; look in WhatsApp Manager."
      match = "${local.from.ingress} AND jsonPayload.message=\"account_notice\" AND severity>=ERROR"
    }
    platform = {
      title = "A code of Meta's asks a person to put something right", severity = "CRITICAL", every = "3600s", section = "logs"
      first = "Look up code in docs/whatsapp.md."
      match = "${local.from.worker} AND jsonPayload.message=\"platform_alarm\""
    }
    standby = {
      title = "Leads are answered by another agent of Meta's", severity = "ERROR", every = "3600s", section = "logs"
      first = "Look in WhatsApp Manager which app is in charge."
      match = "${local.from.ingress} AND jsonPayload.message=\"standby_message\""
    }
    budget_spent = {
      title = "The day's tokens are spent: every lead gets the menu until midnight", severity = "ERROR", every = "21600s", section = "what-a-day-may-cost"
      first = "Look what spent them, then raise BUDGET_TOKENS_PER_DAY or wait."
      match = "${local.from.worker} AND jsonPayload.reason=~\"without_model:tenant-budget\""
    }
    unanswered = {
      title = "Leads wait for a person and nobody has come", severity = "WARNING", every = "3600s", section = "handoffs"
      first = "Type atende handoff list."
      match = "${local.from.worker} AND jsonPayload.message=\"handoff_unanswered\""
    }
    quarantined = {
      title = "Meta sent something that nobody could read", severity = "WARNING", every = "21600s", section = "when-something-is-parked"
      first = "Type atende parked list."
      match = "${local.from.ingress} AND jsonPayload.message=\"webhook_received\" AND jsonPayload.quarantined>0"
    }
  }

  # Too much of something for too long.
  counted_too_often = {
    dispatch_failures = {
      title = "Webhooks cannot be stored", severity = "CRITICAL", for = "300s", above = 0, section = "when-something-is-lost"
      first = "Is Cloud Tasks ill, or a queue paused? Meta keeps the messages for seven days."
    }
    signature_failures = {
      title = "Many requests are not signed by Meta", severity = "ERROR", for = "300s", above = 20, section = "secrets"
      first = "An attack, or whatsapp-webhook-secret is not the app's."
    }
    without_model = {
      title = "Leads are answered without a model", severity = "ERROR", for = "300s", above = 5, section = "when-something-is-lost"
      first = "The metric's label says why; a model that is down is waited for."
    }
    without_hint = {
      title = "Redis does not answer", severity = "WARNING", for = "300s", above = 5, section = "when-something-is-lost"
      first = "Nothing is lost without it; look at its provider's status."
    }
    task_failures = {
      title = "Tasks fail", severity = "ERROR", for = "300s", above = 10, section = "what-the-worker-says-to-a-task"
      first = "The label error_kind says what is ill; the queue keeps the tasks."
    }
    reply_failures = {
      title = "Meta does not deliver replies", severity = "ERROR", for = "0s", above = 10, section = "logs"
      first = "Look up code in docs/whatsapp.md; the number's quality may have dropped."
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.emails)

  project      = var.project
  display_name = "Atende ${var.environment}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
}

locals {
  channels = [for channel in google_monitoring_notification_channel.email : channel.name]

  see = "docs/operations.md#"
}

resource "google_monitoring_alert_policy" "told" {
  for_each = local.told

  project               = var.project
  display_name          = "Atende ${var.environment}: ${each.value.title}"
  severity              = each.value.severity
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title

    condition_matched_log {
      filter = each.value.match
    }
  }

  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = each.value.every
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.first} See ${local.see}${each.value.section}."
  }
}

resource "google_monitoring_alert_policy" "counted" {
  for_each = local.counted_too_often

  project               = var.project
  display_name          = "Atende ${var.environment}: ${each.value.title}"
  severity              = each.value.severity
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.counted[each.key].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = each.value.for

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "3600s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.first} See ${local.see}${each.value.section}."
  }
}

locals {
  # What the platform measures, and what has to be reckoned.
  reckoned = {
    model_cost = {
      title = "The model has cost much since yesterday", severity = "ERROR", for = "0s", section = "what-a-day-may-cost"
      first = "Look at tokens by hour on the dashboard; BUDGET_TOKENS_PER_DAY and BUDGET_TOKENS_PER_CONTACT_DAY bound it."
      query = "sum(increase(logging_googleapis_com:user_atende_model_cost_sum{monitored_resource=\"cloud_run_revision\"}[1d])) / 1e6 > ${var.limits.model_usd_per_day}"
    }
    handoffs = {
      title = "Many leads are given to people", severity = "WARNING", for = "0s", section = "handoffs"
      first = "The metric's label reason says why; type atende handoff list."
      query = "sum(increase(logging_googleapis_com:user_atende_handoffs{monitored_resource=\"cloud_run_revision\",event=\"handoff_opened\"}[1h])) > ${var.limits.handoffs_per_hour}"
    }
    slow_answers = {
      title = "One answer in twenty takes longer than 15 seconds", severity = "WARNING", for = "600s", section = "when-something-is-lost"
      first = "The dashboard shows which step is slow."
      query = "histogram_quantile(0.95, sum by (le) (rate(logging_googleapis_com:user_atende_answer_latency_bucket{monitored_resource=\"cloud_run_revision\"}[10m]))) > 15000"
    }
    tasks_waiting = {
      title = "Tasks pile up", severity = "ERROR", for = "600s", section = "queues"
      first = "Is the worker at its most instances, or is a dependency ill and the queue slowed down?"
      # Timers wait in their queue by nature.
      query = "max by (queue_id) (cloudtasks_googleapis_com:queue_depth{monitored_resource=\"cloud_tasks_queue\",queue_id=~\"atende-inbound|atende-status\"}) > ${var.limits.tasks_waiting}"
    }
    late_tasks = {
      title = "Tasks reach the worker a minute late", severity = "ERROR", for = "300s", section = "queues"
      first = "Is the queue paused, at its rate, or is the worker at its most instances?"
      query = "histogram_quantile(0.95, sum by (le, queue_id) (rate(cloudtasks_googleapis_com:queue_task_attempt_delays_bucket{monitored_resource=\"cloud_tasks_queue\"}[10m]))) > 60000"
    }
    crashes = {
      title = "Requests end with 5xx that no line of the log explains", severity = "ERROR", for = "300s", section = "roll-back"
      first = "An instance that dies says so in the platform's own log: memory, a time limit, exit code 2."
      query = "sum by (service_name) (rate(run_googleapis_com:request_count{monitored_resource=\"cloud_run_revision\",response_code=~\"500|502|504\"}[5m])) > 0.1"
    }
    full = {
      title = "A service is at four fifths of its most instances", severity = "WARNING", for = "600s", section = "queues"
      first = "Raise instances in the environment's tfvars; what queues dispatch follows."
      query = join(" or ", [for key, most in var.instances : "sum(run_googleapis_com:container_instance_count{monitored_resource=\"cloud_run_revision\",service_name=\"${var.services[key]}\"}) > ${0.8 * most}"])
    }
  }
}

resource "google_monitoring_alert_policy" "reckoned" {
  for_each = local.reckoned

  project               = var.project
  display_name          = "Atende ${var.environment}: ${each.value.title}"
  severity              = each.value.severity
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title

    condition_prometheus_query_language {
      query               = each.value.query
      duration            = each.value.for
      evaluation_interval = "60s"
      # A metric that has not been written yet is no mistake.
      disable_metric_validation = true
    }
  }

  alert_strategy {
    auto_close = "3600s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.first} See ${local.see}${each.value.section}."
  }

  depends_on = [google_logging_metric.counted, google_logging_metric.measured]
}

# Asked from outside, from several continents: is the front door open, and is
# what it needs there?
resource "google_monitoring_uptime_check_config" "ready" {
  project      = var.project
  display_name = "Atende ${var.environment}: the ingress is ready"
  period       = "60s"
  timeout      = "10s"

  http_check {
    path         = "/ready"
    port         = 443
    use_ssl      = true
    validate_ssl = true

    accepted_response_status_codes {
      status_value = 200
    }
  }

  content_matchers {
    matcher = "CONTAINS_STRING"
    content = "\"status\":\"ready\""
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = var.host
    }
  }
}

resource "google_monitoring_alert_policy" "down" {
  project               = var.project
  display_name          = "Atende ${var.environment}: the ingress is not ready"
  severity              = "CRITICAL"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "The ingress is not ready"

    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.ready.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "120s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }

  alert_strategy {
    auto_close = "3600s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "Meta keeps the messages and sends them again. See ${local.see}life-of-a-service."
  }
}

output "channels" {
  description = "Who is told, as notification channels."
  value       = local.channels
}
