# Production: one instance of each service is always up; 25 workers of 80
# requests carry about 200 messages a second.
project     = "atende-pyloto-production"
environment = "production"

instances = {
  ingress = { min = 1, max = 10 }
  worker  = { min = 1, max = 25 }
}

handoff = { whatsapp = true }

recovery = true

alerts = {
  model_usd_per_day = 50
  handoffs_per_hour = 60
  tasks_waiting     = 2000
}

budget = 300
