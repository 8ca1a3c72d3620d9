# terraform apply -var-file=production.tfvars -var project_id=… -var image=…
environment     = "production"
service_name    = "mmm-app"
bucket_name     = "mmm-app-output"
runtime_account = "mmm-trainer-sa"

training = { cpu = 4, memory_gib = 16, timeout = 86400 }
