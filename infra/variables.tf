variable "project" {
  description = "The Google Cloud project that holds everything."
  type        = string
}

variable "region" {
  description = "Where the queues are; CLOUD_TASKS_LOCATION of both services."
  type        = string
  default     = "us-central1"
}
