output "webhook_url" {
  description = "What Meta is told: the callback of the webhook."
  value       = "https://${local.host[local.ingress]}/webhook/whatsapp"
}

output "worker_url" {
  description = "WORKER_URL and WORKER_AUDIENCE: known before the worker exists."
  value       = local.worker_url
}

output "secrets" {
  description = "The secrets that must have a value before the services start."
  value       = module.secrets.names
}

output "images" {
  description = "Where images are pushed to."
  value       = module.platform.images
}

output "build_account" {
  description = "The service account that builds run as."
  value       = module.identities.build.email
}

output "dashboard" {
  description = "The dashboard, as an address of the console."
  value       = module.watch.dashboard
}
