# Who acts: each service as itself, Cloud Tasks when it calls the worker, and the
# build. What each may do stands where the thing is that it may do it to.

variable "project" {
  description = "The project."
  type        = string
}

locals {
  accounts = {
    ingress = { id = "atende-ingress", name = "Atende: ingress", why = "Takes webhooks and hands them to the queue." }
    worker  = { id = "atende-worker", name = "Atende: worker", why = "Answers, and keeps the ledger." }
    invoker = { id = "atende-tasks", name = "Atende: tasks", why = "Whom every task is signed for. It may invoke the worker and nothing else." }
    build   = { id = "atende-build", name = "Atende: build", why = "Pushes images and deploys revisions." }
  }
}

resource "google_service_account" "account" {
  for_each = local.accounts

  project      = var.project
  account_id   = each.value.id
  display_name = each.value.name
  description  = each.value.why
}

output "ingress" {
  description = "The ingress's account: email, member and name."
  value       = { for k in ["email", "member", "name"] : k => google_service_account.account["ingress"][k] }
}

output "worker" {
  description = "The worker's account."
  value       = { for k in ["email", "member", "name"] : k => google_service_account.account["worker"][k] }
}

output "invoker" {
  description = "The account of tasks."
  value       = { for k in ["email", "member", "name"] : k => google_service_account.account["invoker"][k] }
}

output "build" {
  description = "The build's account."
  value       = { for k in ["email", "member", "name"] : k => google_service_account.account["build"][k] }
}

output "members" {
  description = "All of them as members of a policy."
  value       = { for name, account in google_service_account.account : name => account.member }
}
