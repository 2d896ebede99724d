variable "project" {
  description = "The project."
  type        = string
}

variable "environment" {
  description = "For the names of dashboard and alerts."
  type        = string
}

variable "services" {
  description = "The two services' names: ingress and worker."
  type        = object({ ingress = string, worker = string })
}

variable "host" {
  description = "The ingress's host, which is asked from outside."
  type        = string
}

variable "instances" {
  description = "How many instances each service has at most."
  type        = object({ ingress = number, worker = number })
}

variable "queues" {
  description = "The queues' ids."
  type        = list(string)
}

variable "emails" {
  description = "Who is told."
  type        = list(string)
}

variable "limits" {
  description = "Where an alert that depends on the size of the business begins."
  type = object({
    model_usd_per_day = number
    handoffs_per_hour = number
    tasks_waiting     = number
  })
}
