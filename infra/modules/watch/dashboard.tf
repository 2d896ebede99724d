# One page, from the door to the bill. What leads notice stands first.

locals {
  prefix = "logging_googleapis_com:user_atende_"
  run    = "monitored_resource=\"cloud_run_revision\""

  # What a line is called that is one for each value of a label: nothing, since
  # the page then shows the label.
  by_label = ""

  # A chart is a title and its lines: what each is called, and its query.
  charts = [
    { title = "Messages that were answered, a minute, by route", unit = "1/min", lines = {
      (local.by_label) = "sum by (route) (rate(${local.prefix}answers{${local.run}}[5m])) * 60"
    } },
    { title = "From webhook to answer: what a lead waits", unit = "ms", lines = {
      "half of them"    = "histogram_quantile(0.5, sum by (le) (rate(${local.prefix}lead_waits_bucket{${local.run}}[5m])))"
      "nineteen of 20"  = "histogram_quantile(0.95, sum by (le) (rate(${local.prefix}lead_waits_bucket{${local.run}}[5m])))"
      "99 of a hundred" = "histogram_quantile(0.99, sum by (le) (rate(${local.prefix}lead_waits_bucket{${local.run}}[5m])))"
    } },
    { title = "From task to answer", unit = "ms", lines = {
      "half of them"    = "histogram_quantile(0.5, sum by (le) (rate(${local.prefix}answer_latency_bucket{${local.run}}[5m])))"
      "nineteen of 20"  = "histogram_quantile(0.95, sum by (le) (rate(${local.prefix}answer_latency_bucket{${local.run}}[5m])))"
      "99 of a hundred" = "histogram_quantile(0.99, sum by (le) (rate(${local.prefix}answer_latency_bucket{${local.run}}[5m])))"
    } },
    { title = "Where the time goes: 95th percentile of each step", unit = "ms", lines = {
      for step in ["hint", "ledger", "model", "send"] : step => "histogram_quantile(0.95, sum by (le) (rate(${local.prefix}${step}_latency_bucket{${local.run}}[5m])))"
    } },
    { title = "Webhooks a minute, by the status that Meta got", unit = "1/min", lines = {
      (local.by_label) = "sum by (status) (rate(${local.prefix}webhooks{${local.run}}[5m])) * 60"
    } },
    { title = "From webhook to 200", unit = "ms", lines = {
      "all, 95th percentile"       = "histogram_quantile(0.95, sum by (le) (rate(${local.prefix}webhook_latency_bucket{${local.run}}[5m])))"
      "the queue, 95th percentile" = "histogram_quantile(0.95, sum by (le) (rate(${local.prefix}enqueue_latency_bucket{${local.run}}[5m])))"
    } },
    { title = "Parts of webhooks: share that had come before, or that nobody could read", unit = "1", lines = {
      "had come before" = "sum(rate(${local.prefix}duplicates_sum{${local.run}}[15m])) / sum(rate(${local.prefix}events_sum{${local.run}}[15m]))"
      "unreadable"      = "sum(rate(${local.prefix}quarantined_sum{${local.run}}[15m])) / sum(rate(${local.prefix}events_sum{${local.run}}[15m]))"
    } },
    { title = "Tasks waiting", unit = "1", lines = {
      (local.by_label) = "max by (queue_id) (cloudtasks_googleapis_com:queue_depth{monitored_resource=\"cloud_tasks_queue\",queue_id=~\"${join("|", var.queues)}\"})"
    } },
    { title = "How late tasks reach the worker: 95th percentile", unit = "ms", lines = {
      (local.by_label) = "histogram_quantile(0.95, sum by (le, queue_id) (rate(cloudtasks_googleapis_com:queue_task_attempt_delays_bucket{monitored_resource=\"cloud_tasks_queue\"}[5m])))"
    } },
    { title = "How much later than scheduled tasks came, as the worker sees it", unit = "ms", lines = {
      "half of them"   = "histogram_quantile(0.5, sum by (le) (rate(${local.prefix}queue_delay_bucket{${local.run}}[5m])))"
      "nineteen of 20" = "histogram_quantile(0.95, sum by (le) (rate(${local.prefix}queue_delay_bucket{${local.run}}[5m])))"
    } },
    { title = "Tasks that had been tried before, an hour", unit = "1/h", lines = {
      (local.by_label) = "sum by (kind) (increase(${local.prefix}retries{${local.run}}[1h]))"
    } },
    { title = "Tasks that failed and come again, an hour", unit = "1/h", lines = {
      (local.by_label) = "sum by (kind, error_kind) (increase(${local.prefix}task_failures{${local.run}}[1h]))"
    } },
    { title = "Given up, an hour", unit = "1/h", lines = {
      (local.by_label) = "sum by (event, kind) (increase(${local.prefix}parked{${local.run}}[1h]))"
    } },
    { title = "Leads who wait for a person, an hour, by why", unit = "1/h", lines = {
      (local.by_label) = "sum by (event, reason) (increase(${local.prefix}handoffs{${local.run}}[1h]))"
    } },
    { title = "Answers without a model, an hour, by why", unit = "1/h", lines = {
      (local.by_label) = "sum by (reason) (increase(${local.prefix}without_model{${local.run}}[1h]))"
    } },
    { title = "Answers before which a guard refused a draft, an hour, by the guards", unit = "1/h", lines = {
      (local.by_label) = "sum by (guards) (increase(${local.prefix}blocked_drafts{${local.run}}[1h]))"
    } },
    { title = "Replies that were not delivered, an hour, by Meta's code; or delivered twice", unit = "1/h", lines = {
      (local.by_label) = "sum by (code) (increase(${local.prefix}reply_failures{${local.run}}[1h]))"
      "twice"          = "sum(increase(${local.prefix}doubled_replies_sum{${local.run}}[1h]))"
    } },
    { title = "Delivery statuses a minute", unit = "1/min", lines = {
      "statuses" = "sum(rate(${local.prefix}statuses_sum{${local.run}}[5m])) * 60"
    } },
    { title = "Tokens an hour", unit = "1/h", lines = {
      "read"        = "sum(increase(${local.prefix}prompt_tokens_sum{${local.run}}[1h]))"
      "read before" = "sum(increase(${local.prefix}cached_tokens_sum{${local.run}}[1h]))"
      "written"     = "sum(increase(${local.prefix}completion_tokens_sum{${local.run}}[1h]))"
    } },
    { title = "What the model costs: US dollars a day, and in thousandths an answer", unit = "1", lines = {
      "a day"                  = "sum(increase(${local.prefix}model_cost_sum{${local.run}}[1d])) / 1e6"
      "an answer, thousandths" = "sum(increase(${local.prefix}model_cost_sum{${local.run}}[1h])) / sum(increase(${local.prefix}answers{${local.run}}[1h])) / 1e3"
    } },
    { title = "The form in WhatsApp: screens that could not be shown, an hour", unit = "1/h", lines = {
      (local.by_label) = "sum by (event, reason) (increase(${local.prefix}flow_failures{${local.run}}[1h]))"
    } },
    { title = "Unsigned requests, and requests without Redis, an hour", unit = "1/h", lines = {
      "unsigned"             = "sum(increase(${local.prefix}signature_failures{${local.run}}[1h]))"
      "no Redis, by service" = "sum by (service) (increase(${local.prefix}without_hint{${local.run}}[1h]))"
      "not stored"           = "sum(increase(${local.prefix}dispatch_failures{${local.run}}[1h]))"
    } },
    { title = "Instances", unit = "1", lines = {
      (local.by_label) = "sum by (service_name) (run_googleapis_com:container_instance_count{${local.run}})"
    } },
    { title = "Memory: 99th percentile, share of what there is", unit = "1", lines = {
      (local.by_label) = "histogram_quantile(0.99, sum by (le, service_name) (rate(run_googleapis_com:container_memory_utilizations_bucket{${local.run}}[5m])))"
    } },
  ]
}

resource "google_monitoring_dashboard" "atende" {
  project = var.project

  dashboard_json = jsonencode({
    displayName = "Atende ${var.environment}"
    mosaicLayout = {
      columns = 48
      tiles = [
        for i, chart in local.charts : {
          xPos   = (i % 2) * 24
          yPos   = floor(i / 2) * 16
          width  = 24
          height = 16
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [
                for name, query in chart.lines : {
                  plotType       = "LINE"
                  targetAxis     = "Y1"
                  legendTemplate = name
                  timeSeriesQuery = {
                    prometheusQuery = query
                    unitOverride    = chart.unit
                  }
                }
              ]
              yAxis = { label = "", scale = "LINEAR" }
            }
          }
        }
      ]
    }
  })

  depends_on = [google_logging_metric.counted, google_logging_metric.measured]
}

output "dashboard" {
  description = "The dashboard, as an address of the console."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${element(split("/", google_monitoring_dashboard.atende.id), 3)}?project=${var.project}"
}
