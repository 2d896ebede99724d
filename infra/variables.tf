variable "project" {
  description = "The Google Cloud project that holds everything of one environment."
  type        = string
}

variable "region" {
  description = "Where services, queues and images are; CLOUD_TASKS_LOCATION of both services."
  type        = string
  default     = "us-central1"
}

variable "environment" {
  description = "ENVIRONMENT of both services, and the end of every secret's name."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.environment)
    error_message = "It is staging or production: development needs no cloud."
  }
}

variable "ledger_location" {
  description = "Where the ledger is; cannot be changed once it exists. A region, or a multi-region such as nam5 at twice the price of a write."
  type        = string
  default     = "us-central1"
}

variable "instances" {
  description = "How many instances each service has, at least and at most. What queues dispatch at a time follows from the worker's."
  type = object({
    ingress = object({ min = number, max = number })
    worker  = object({ min = number, max = number })
  })

  validation {
    condition     = alltrue([for s in values(var.instances) : s.min >= 0 && s.max >= max(s.min, 1)])
    error_message = "The most is at least one and at least the least."
  }
}

variable "settings" {
  description = "Further variables of docs/configuration.md, for both services: each ignores what only the other reads. No secret belongs here."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for v in values(var.settings) : !startswith(v, "secret:")])
    error_message = "A secret needs a line in environment.tf, which is what lets a program read it."
  }
}

variable "handoff" {
  description = "How people are called in: by a webhook, by WhatsApp, or both. Production needs one. Each way has secrets of its own; template names the message template for WhatsApp."
  type = object({
    webhook  = optional(bool, false)
    whatsapp = optional(bool, false)
    template = optional(string, "")
  })
  default = {}

  validation {
    condition     = var.environment != "production" || var.handoff.webhook || var.handoff.whatsapp
    error_message = "In production somebody must be called in: the worker would refuse to start."
  }
}

variable "flows" {
  description = "Whether WhatsApp Flows are served, and whether their key has a passphrase."
  type = object({
    enabled    = optional(bool, false)
    passphrase = optional(bool, false)
  })
  default = {}
}

variable "recovery" {
  description = "Whether the ledger can be restored to any minute of the last seven days, beside the daily backup."
  type        = bool
}

variable "alert_emails" {
  description = "Who is told by e-mail. Not in a file of the repository: TF_VAR_alert_emails, or a *.auto.tfvars file."
  type        = list(string)
}

variable "alerts" {
  description = "Where an alert that depends on the size of the business begins."
  type = object({
    model_usd_per_day = number
    handoffs_per_hour = number
    tasks_waiting     = number
  })
}

variable "billing_account" {
  description = "The billing account that the budget is set on. Not in a file of the repository either."
  type        = string
}

variable "budget" {
  description = "What Google Cloud may cost in a month, in the billing account's own currency. OpenAI and Meta are billed elsewhere."
  type        = number
}
