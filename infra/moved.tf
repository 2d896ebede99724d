# The queues were once all there was, at the top.
moved {
  from = google_cloud_tasks_queue.queue
  to   = module.queues.google_cloud_tasks_queue.queue
}
