# One environment of Atende, whole. Every part is a small module; what they have
# to know of each other stands here and in environment.tf.

locals {
  ingress = "atende-ingress"
  worker  = "atende-worker"

  # Cloud Run gives every service an address that is known before the service is.
  # Nothing else would do for the worker's, which has to know its own.
  host       = { for name in [local.ingress, local.worker] : name => "${name}-${data.google_project.this.number}.${var.region}.run.app" }
  worker_url = "https://${local.host[local.worker]}"

  # A worker's requests mostly wait for the model and for Graph, so one processor
  # carries many; the ingress's are over in milliseconds.
  concurrency = { ingress = 250, worker = 80 }
}

# Asked at once, so that every plan knows the number: the first needs the API of
# Resource Manager to be on, which docs/runbook-first-deploy.md sees to.
data "google_project" "this" {
  project_id = var.project
}

module "platform" {
  source = "./modules/platform"

  project = var.project
  region  = var.region
}

module "identities" {
  source = "./modules/identities"

  project = var.project

  depends_on = [module.platform]
}

module "secrets" {
  source = "./modules/secrets"

  project     = var.project
  environment = var.environment
  accessors   = local.accessors

  depends_on = [module.platform]
}

module "queues" {
  source = "./modules/queues"

  project   = var.project
  region    = var.region
  capacity  = var.instances.worker.max * local.concurrency.worker
  enqueuers = { ingress = module.identities.ingress.member, worker = module.identities.worker.member }
  invoker   = module.identities.invoker.name

  depends_on = [module.platform]
}

module "ledger" {
  source = "./modules/ledger"

  project  = var.project
  location = var.ledger_location
  recovery = var.recovery
  user     = module.identities.worker.member

  depends_on = [module.platform]
}

module "ingress" {
  source = "./modules/service"

  project     = var.project
  region      = var.region
  name        = local.ingress
  image       = "${module.platform.images}/ingress:${var.environment}"
  account     = module.identities.ingress.email
  instances   = var.instances.ingress
  concurrency = local.concurrency.ingress
  timeout     = 30 # a handler of the ingress has 10
  environment = local.environment.ingress
  mounted     = local.mounted.ingress
  reach       = "INGRESS_TRAFFIC_ALL"
  invokers    = { everybody = "allUsers" }

  depends_on = [module.secrets, module.queues]
}

module "worker" {
  source = "./modules/service"

  project     = var.project
  region      = var.region
  name        = local.worker
  image       = "${module.platform.images}/worker:${var.environment}"
  account     = module.identities.worker.email
  instances   = var.instances.worker
  concurrency = local.concurrency.worker
  timeout     = 120 # above a handler's 105, below the 180 after which Cloud Tasks sends a second copy
  environment = local.environment.worker
  mounted     = local.mounted.worker
  reach       = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  invokers    = { tasks = module.identities.invoker.member }

  depends_on = [module.secrets, module.queues, module.ledger]
}

module "watch" {
  source = "./modules/watch"

  project     = var.project
  environment = var.environment
  services    = { ingress = local.ingress, worker = local.worker }
  host        = local.host[local.ingress]
  instances   = { for name, i in var.instances : name => i.max }
  queues      = values(module.queues.names)
  emails      = var.alert_emails
  limits      = var.alerts

  depends_on = [module.platform]
}

module "budget" {
  source = "./modules/budget"

  billing_account = var.billing_account
  project_number  = data.google_project.this.number
  environment     = var.environment
  amount          = var.budget
  channels        = module.watch.channels
}
