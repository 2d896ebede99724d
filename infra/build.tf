# What the build may do: push images, deploy revisions of the two services in the
# name of their own accounts, write its log and read the services', which says what
# became of the message that a deployment is tried with. It cannot change who may
# invoke a service, read the ledger or the tokens that send.

resource "google_artifact_registry_repository_iam_member" "build" {
  project    = var.project
  location   = var.region
  repository = module.platform.repository
  role       = "roles/artifactregistry.writer"
  member     = module.identities.build.member
}

resource "google_cloud_run_v2_service_iam_member" "build" {
  for_each = { ingress = module.ingress.name, worker = module.worker.name }

  project  = var.project
  location = var.region
  name     = each.value
  role     = "roles/run.developer"
  member   = module.identities.build.member
}

resource "google_service_account_iam_member" "build" {
  for_each = { ingress = module.identities.ingress.name, worker = module.identities.worker.name }

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = module.identities.build.member
}

resource "google_project_iam_member" "build_log" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = module.identities.build.member
}

# The services' log holds nothing personal. A revision is looked at by a name that is
# not below its service's, and its settings name secrets without their values.
resource "google_project_iam_member" "build_reads" {
  for_each = toset(["roles/logging.viewer", "roles/run.viewer"])

  project = var.project
  role    = each.value
  member  = module.identities.build.member
}
