# What the build may do: push images, deploy revisions of the two services in the
# name of their own accounts, and write its log. It cannot change who may invoke
# a service, read the ledger or the tokens that send.

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
