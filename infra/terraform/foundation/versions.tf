terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }

  # terraform init -backend-config="bucket=…" -backend-config="prefix=foundation"
  backend "gcs" {}
}

provider "google" {
  project = var.project_id
  region  = var.region

  # The budget is of the billing account, whose requests Google wants counted on a project.
  user_project_override = true
  billing_project       = var.project_id

  default_labels = {
    app         = "mmm-app"
    environment = "all"
  }
}
