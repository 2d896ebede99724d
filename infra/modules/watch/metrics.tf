# Metrics that are counted from the log. Events and fields are those of
# internal/telemetry; a test reads both.
#
# A metric with a value is a distribution: its count, its sum and its percentiles
# are all to be had.

locals {
  from = {
    ingress = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.services.ingress}\""
    worker  = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.services.worker}\""
    both    = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(\"${var.services.ingress}\" OR \"${var.services.worker}\")"
  }

  counted = {
    webhooks = {
      what   = "Webhooks by the status that Meta got"
      filter = "${local.from.ingress} AND jsonPayload.message=(\"webhook_received\" OR \"webhook_dispatch_failed\" OR \"webhook_signature_invalid\")"
      labels = { status = "EXTRACT(jsonPayload.status)" }
    }
    dispatch_failures = {
      what   = "Webhooks that could not be stored and will come again"
      filter = "${local.from.ingress} AND jsonPayload.message=\"webhook_dispatch_failed\""
      labels = {}
    }
    signature_failures = {
      what   = "Requests that were not signed by Meta"
      filter = "${local.from.ingress} AND jsonPayload.message=(\"webhook_signature_invalid\" OR \"flow_signature_invalid\")"
      labels = { event = "EXTRACT(jsonPayload.message)" }
    }
    flow_failures = {
      what   = "Screens of the appointment form that could not be shown"
      filter = "${local.from.ingress} AND jsonPayload.message=(\"flow_refused\" OR \"flow_failed\")"
      labels = { event = "EXTRACT(jsonPayload.message)", reason = "EXTRACT(jsonPayload.reason)" }
    }
    answers = {
      what   = "Messages that were answered, by how the answer was found"
      filter = "${local.from.worker} AND jsonPayload.message=(\"turn_finished\" OR \"handoff_opened\") AND jsonPayload.fate=\"answered\""
      labels = { route = "REGEXP_EXTRACT(jsonPayload.reason, \"^([a-z_-]+)\")" }
    }
    without_model = {
      what   = "Answers for which the model was not, or could not be, asked"
      filter = "${local.from.worker} AND jsonPayload.reason=~\"without_model:\""
      labels = { reason = "REGEXP_EXTRACT(jsonPayload.reason, \"without_model:([a-z_-]+)\")" }
    }
    blocked_drafts = {
      what   = "Answers before which a guard refused a draft of the model, by the guards"
      filter = "${local.from.worker} AND jsonPayload.verdict=~\".\""
      labels = { guards = "EXTRACT(jsonPayload.verdict)" }
    }
    retries = {
      what   = "Tasks that had been tried before"
      filter = "${local.from.worker} AND jsonPayload.retries>0"
      labels = { kind = "EXTRACT(jsonPayload.kind)" }
    }
    handoffs = {
      what   = "Leads who wait for a person, by why; and those to whom nobody came"
      filter = "${local.from.worker} AND jsonPayload.message=(\"handoff_opened\" OR \"handoff_unanswered\")"
      labels = { event = "EXTRACT(jsonPayload.message)", reason = "REGEXP_EXTRACT(jsonPayload.reason, \"handoff:([a-z_-]+)\")" }
    }
    parked = {
      what   = "What was given up and waits for a person"
      filter = "${local.from.worker} AND jsonPayload.message=(\"turn_parked\" OR \"task_parked\")"
      labels = { event = "EXTRACT(jsonPayload.message)", kind = "EXTRACT(jsonPayload.kind)" }
    }
    task_failures = {
      what   = "Tasks that failed and will come again, by what failed"
      filter = "${local.from.worker} AND jsonPayload.status>=500 AND jsonPayload.kind=(\"inbound\" OR \"status\" OR \"timer\")"
      labels = { kind = "EXTRACT(jsonPayload.kind)", error_kind = "EXTRACT(jsonPayload.error_kind)" }
    }
    reply_failures = {
      what   = "Replies that Meta took and did not deliver, by its code"
      filter = "${local.from.worker} AND jsonPayload.message=\"reply_failed\""
      labels = { code = "EXTRACT(jsonPayload.code)" }
    }
    without_hint = {
      what   = "Requests that did without Redis"
      filter = "${local.from.both} AND jsonPayload.reason=~\"hint_unavailable\""
      labels = { service = "EXTRACT(resource.labels.service_name)" }
    }
  }

  measured = {
    webhook_latency   = { what = "From a webhook's arrival to the 200", field = "latency_ms", unit = "ms", filter = "${local.from.ingress} AND jsonPayload.message=\"webhook_received\"" }
    enqueue_latency   = { what = "Putting a webhook's parts into the queue", field = "enqueue_latency_ms", unit = "ms", filter = "${local.from.ingress} AND jsonPayload.message=\"webhook_received\"" }
    events            = { what = "Parts of webhooks", field = "events", unit = "1", filter = "${local.from.ingress} AND jsonPayload.message=\"webhook_received\"" }
    duplicates        = { what = "Parts of webhooks that had come before", field = "duplicates", unit = "1", filter = "${local.from.ingress} AND jsonPayload.message=\"webhook_received\"" }
    quarantined       = { what = "Parts of webhooks that nobody could read", field = "quarantined", unit = "1", filter = "${local.from.ingress} AND jsonPayload.message=\"webhook_received\"" }
    lead_waits        = { what = "From a message's webhook to its answer sent", field = "message_age_ms", unit = "ms", filter = "${local.from.worker} AND jsonPayload.message_age_ms>=0" }
    queue_delay       = { what = "How much later than scheduled a task came", field = "queue_delay_ms", unit = "ms", filter = "${local.from.worker} AND jsonPayload.queue_delay_ms>=0" }
    answer_latency    = { what = "From a task's arrival to the answer sent", field = "latency_ms", unit = "ms", filter = "${local.from.worker} AND jsonPayload.message=(\"turn_finished\" OR \"handoff_opened\") AND jsonPayload.fate=\"answered\"" }
    hint_latency      = { what = "Entering a conversation (Redis)", field = "hint_latency_ms", unit = "ms", filter = "${local.from.worker} AND jsonPayload.hint_latency_ms>=0" }
    ledger_latency    = { what = "Loading a conversation (Firestore)", field = "ledger_latency_ms", unit = "ms", filter = "${local.from.worker} AND jsonPayload.ledger_latency_ms>=0" }
    model_latency     = { what = "Deciding an answer (the model)", field = "model_latency_ms", unit = "ms", filter = "${local.from.worker} AND jsonPayload.model_latency_ms>=0" }
    send_latency      = { what = "Sending an answer (Graph)", field = "send_latency_ms", unit = "ms", filter = "${local.from.worker} AND jsonPayload.send_latency_ms>=0" }
    model_cost        = { what = "What the model cost, in millionths of a US dollar", field = "cost_micro_usd", unit = "1", filter = "${local.from.worker} AND jsonPayload.cost_micro_usd>=0" }
    prompt_tokens     = { what = "Tokens that the model read", field = "prompt_tokens", unit = "1", filter = "${local.from.worker} AND jsonPayload.prompt_tokens>=0" }
    cached_tokens     = { what = "Tokens that the model had read before", field = "cached_tokens", unit = "1", filter = "${local.from.worker} AND jsonPayload.cached_tokens>=0" }
    completion_tokens = { what = "Tokens that the model wrote", field = "completion_tokens", unit = "1", filter = "${local.from.worker} AND jsonPayload.completion_tokens>=0" }
    statuses          = { what = "Delivery statuses that were applied", field = "statuses", unit = "1", filter = "${local.from.worker} AND jsonPayload.statuses>=0" }
    doubled_replies   = { what = "Replies that a lead got twice, as receipts prove", field = "duplicates", unit = "1", filter = "${local.from.worker} AND jsonPayload.statuses>=0" }
  }
}

resource "google_logging_metric" "counted" {
  for_each = local.counted

  project     = var.project
  name        = "atende/${each.key}"
  description = "${each.value.what}."
  filter      = each.value.filter

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = each.value.labels

      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }

  label_extractors = each.value.labels
}

resource "google_logging_metric" "measured" {
  for_each = local.measured

  project         = var.project
  name            = "atende/${each.key}"
  description     = "${each.value.what}."
  filter          = each.value.filter
  value_extractor = "EXTRACT(jsonPayload.${each.value.field})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit
  }

  # From one to a good million, each a fifth above the last: milliseconds as well
  # as tokens and millionths of a dollar.
  bucket_options {
    exponential_buckets {
      num_finite_buckets = 80
      growth_factor      = 1.2
      scale              = 1
    }
  }
}
