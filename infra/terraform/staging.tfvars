# terraform apply -var-file=staging.tfvars -var project_id=… -var image=…
environment         = "staging"
service_name        = "mmm-app-staging"
bucket_name         = "mmm-app-output-staging"
runtime_account     = "mmm-trainer-staging-sa"
deletion_protection = false

dashboard = { cpu = 1, memory_gib = 2 }
training  = { cpu = 4, memory_gib = 16, timeout = 7200 }
