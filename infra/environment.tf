# What the two programs are told: docs/configuration.md has every variable.

locals {
  both = {
    ENVIRONMENT               = var.environment
    GCP_PROJECT               = var.project
    CLOUD_TASKS_LOCATION      = var.region
    CLOUD_TASKS_QUEUE_INBOUND = module.queues.names.inbound
    CLOUD_TASKS_QUEUE_STATUS  = module.queues.names.status
    CLOUD_TASKS_QUEUE_TIMER   = module.queues.names.timer
    WORKER_URL                = local.worker_url
    # Said even though it follows WORKER_URL: a candidate has an address of its
    # own while it is tried, and the same audience.
    WORKER_AUDIENCE     = local.worker_url
    TASKS_INVOKER_EMAIL = module.identities.invoker.email
  }

  ingress_only = {
    WHATSAPP_FLOW_ENDPOINT_ENABLED = tostring(var.flows.enabled)
  }

  worker_only = {
    FIRESTORE_DATABASE_ID = module.ledger.database
    # Cloud Run verifies the token and takes its signature away.
    TASKS_AUTH = "platform"
  }

  worker_template = var.handoff.template == "" ? {} : {
    HANDOFF_TEMPLATE = var.handoff.template
  }
}

# Secrets by the variable that names them. The programs resolve these themselves,
# so that a rotated one needs no new revision.
locals {
  both_secrets = {
    REDIS_URL        = "redis-url"
    CONTACT_HASH_KEY = "contact-hash-key"
    DATA_KEY         = "data-key"
  }

  ingress_secrets = {
    WHATSAPP_VERIFY_TOKEN = "whatsapp-verify-token"
    WHATSAPP_APP_SECRET   = "whatsapp-webhook-secret"
  }

  flow_secrets = var.flows.enabled ? {
    FLOW_PRIVATE_KEY = "flow-private-key"
  } : {}

  passphrase_secrets = var.flows.enabled && var.flows.passphrase ? {
    FLOW_PRIVATE_KEY_PASSPHRASE = "flow-private-key-passphrase"
  } : {}

  worker_secrets = {
    WHATSAPP_ACCESS_TOKEN = "whatsapp-access-token"
    OPENAI_API_KEY        = "openai-api-key"
  }

  handoff_secrets = var.handoff.webhook ? {
    HANDOFF_WEBHOOK_URL    = "handoff-webhook-url"
    HANDOFF_WEBHOOK_SECRET = "handoff-webhook-secret"
  } : {}
}

# Ids are no secrets to the programs, which take no reference for one; but they
# are none of the repository's business. Cloud Run reads these at the start of an
# instance.
locals {
  both_mounted = {
    WHATSAPP_PHONE_NUMBER_ID     = "whatsapp-phone-number-id"
    WHATSAPP_BUSINESS_ACCOUNT_ID = "whatsapp-business-account-id"
  }

  worker_mounted = var.handoff.whatsapp ? {
    HANDOFF_WHATSAPP_TO = "handoff-whatsapp-to"
  } : {}
}

# Production's trial writes to nobody.
locals {
  trial_secrets = var.environment == "staging" ? ["smoke-contact"] : []
}

locals {
  resolved = {
    ingress = merge(local.both_secrets, local.ingress_secrets, local.flow_secrets, local.passphrase_secrets)
    worker  = merge(local.both_secrets, local.worker_secrets, local.handoff_secrets)
  }

  mounted = {
    ingress = local.both_mounted
    worker  = merge(local.both_mounted, local.worker_mounted)
  }

  environment = {
    ingress = merge(var.settings, local.both, local.ingress_only, { for name, secret in local.resolved.ingress : name => "secret:${secret}" })
    worker  = merge(var.settings, local.both, local.worker_only, local.worker_template, { for name, secret in local.resolved.worker : name => "secret:${secret}" })
  }

  # Who may read a secret follows from who is told of it, and from nothing else;
  # the build reads what signs the message that a deployment is tried with, and where
  # that is answered, from whom it is.
  reads = {
    ingress = toset(concat(values(local.resolved.ingress), values(local.mounted.ingress)))
    worker  = toset(concat(values(local.resolved.worker), values(local.mounted.worker)))
    build   = toset(concat(values(local.ingress_secrets), values(local.both_mounted), local.trial_secrets))
  }

  accessors = {
    for secret in setunion(local.reads.ingress, local.reads.worker, local.reads.build) : secret => {
      for reader, secrets in local.reads : reader => module.identities.members[reader] if contains(secrets, secret)
    }
  }
}
