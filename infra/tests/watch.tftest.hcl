# What is watched. That events, fields and sections are those of code and docs, a
# test in Go says.

mock_provider "google" {
  override_during = plan
}

variables {
  project     = "example"
  environment = "production"
  services    = { ingress = "atende-ingress", worker = "atende-worker" }
  host        = "atende-ingress-123456789012.us-central1.run.app"
  instances   = { ingress = 10, worker = 25 }
  queues      = ["atende-inbound", "atende-status", "atende-timer"]
  emails      = ["operator@example.com", "second@example.com"]
  limits      = { model_usd_per_day = 50, handoffs_per_hour = 60, tasks_waiting = 2000 }
}

run "alerts" {
  command = plan

  module {
    source = "./modules/watch"
  }

  assert {
    condition = alltrue([for p in concat(
      values(google_monitoring_alert_policy.told), values(google_monitoring_alert_policy.counted), values(google_monitoring_alert_policy.reckoned), [google_monitoring_alert_policy.down],
    ) : length(p.notification_channels) == 2 && strcontains(p.documentation[0].content, "docs/operations.md#")])
    error_message = "Every alert tells everybody, and says where to read on."
  }
  assert {
    condition     = alltrue([for p in google_monitoring_alert_policy.told : length(p.alert_strategy[0].notification_rate_limit) == 1 && length(p.conditions) == 1])
    error_message = "An alert on a line of the log needs a limit, and stands alone."
  }
  assert {
    condition     = alltrue([for p in google_monitoring_alert_policy.counted : tonumber(trimsuffix(p.conditions[0].condition_threshold[0].duration, "s")) % 60 == 0])
    error_message = "A duration is whole minutes."
  }
  assert {
    condition     = alltrue([for p in google_monitoring_alert_policy.reckoned : tonumber(trimsuffix(p.conditions[0].condition_prometheus_query_language[0].duration, "s")) % 60 == 0])
    error_message = "A duration is whole minutes."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.reckoned["full"].conditions[0].condition_prometheus_query_language[0].query, "service_name=\"atende-worker\"}) > 20")
    error_message = "Four fifths of 25 workers are 20."
  }
}

run "metrics" {
  command = plan

  module {
    source = "./modules/watch"
  }

  assert {
    condition     = alltrue([for m in google_logging_metric.counted : join(" ", keys(m.label_extractors)) == join(" ", sort([for l in m.metric_descriptor[0].labels : l.key]))])
    error_message = "Every label is described and extracted."
  }
  assert {
    condition     = alltrue([for m in google_logging_metric.measured : m.metric_descriptor[0].value_type == "DISTRIBUTION" && length(m.bucket_options) == 1])
    error_message = "What has a value is a distribution, and that needs buckets."
  }
  assert {
    condition     = alltrue([for m in concat(values(google_logging_metric.counted), values(google_logging_metric.measured)) : can(regex("^atende/[a-z_]+$", m.name))])
    error_message = "The names that dashboard and alerts have in PromQL follow from these."
  }
}

run "asked_from_outside" {
  command = plan

  module {
    source = "./modules/watch"
  }

  assert {
    condition     = google_monitoring_uptime_check_config.ready.http_check[0].path == "/ready" && google_monitoring_uptime_check_config.ready.monitored_resource[0].labels.host == var.host
    error_message = "The ingress is asked whether it is ready."
  }
}

run "dashboard" {
  command = plan

  module {
    source = "./modules/watch"
  }

  assert {
    condition     = length(jsondecode(google_monitoring_dashboard.atende.dashboard_json).mosaicLayout.tiles) == length(local.charts)
    error_message = "A chart each."
  }
  assert {
    condition = alltrue(flatten([for tile in jsondecode(google_monitoring_dashboard.atende.dashboard_json).mosaicLayout.tiles : [
      for set in tile.widget.xyChart.dataSets : [
        for used in regexall("user_atende_([a-z_]+?)(?:_sum|_count|_bucket)?\\{", set.timeSeriesQuery.prometheusQuery) :
        contains(concat(keys(local.counted), keys(local.measured)), used[0])
      ]
    ]]))
    error_message = "The dashboard shows metrics that exist."
  }
  assert {
    condition = alltrue(flatten([for alert in values(local.reckoned) : [
      for used in regexall("user_atende_([a-z_]+?)(?:_sum|_count|_bucket)?\\{", alert.query) : contains(concat(keys(local.counted), keys(local.measured)), used[0])
    ]]))
    error_message = "Alerts watch metrics that exist."
  }
  assert {
    condition     = alltrue([for name in concat(keys(local.counted), keys(local.measured)) : strcontains(google_monitoring_dashboard.atende.dashboard_json, "user_atende_${name}")])
    error_message = "What is counted is shown."
  }
}
