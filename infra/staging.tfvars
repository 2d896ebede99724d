# Staging: small, and asleep while nobody writes to it. A start takes less than a
# second, which nobody who tests will miss.
project     = "atende-pyloto"
environment = "staging"

instances = {
  ingress = { min = 0, max = 2 }
  worker  = { min = 0, max = 3 }
}

recovery = false

alerts = {
  model_usd_per_day = 5
  handoffs_per_hour = 20
  tasks_waiting     = 100
}

budget = 50
