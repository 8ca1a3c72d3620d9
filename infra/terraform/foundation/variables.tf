variable "project_id" {
  description = "Google Cloud project (GCP_PROJECT_ID)."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's ID (6 to 30 lower-case letters, digits, hyphens), not its name or number."
  }
}

variable "region" {
  description = "Region of everything."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a single region, such as europe-west1."
  }
}

variable "state_bucket" {
  description = "Bucket of Terraform's states, made by hand before the first `terraform init`."
  type        = string
}

variable "environments" {
  description = "What each environment keeps and runs as. The bucket's name is the world's: choose your own."
  type = map(object({
    bucket          = string
    service_account = string
    service         = string
    ref             = string
    secrets         = optional(set(string), [])
  }))
  default = {
    production = {
      bucket          = "mmm-app-output"
      service_account = "mmm-trainer-sa"
      service         = "mmm-app"
      ref             = "refs/heads/main"
    }
    staging = {
      bucket          = "mmm-app-output-staging"
      service_account = "mmm-trainer-staging-sa"
      service         = "mmm-app-staging"
      ref             = "refs/heads/ci-cd"
    }
  }

  validation {
    condition     = length(setsubtract(keys(var.environments), ["production", "staging"])) == 0
    error_message = "environments are production and staging, as Terraform's other root and GitHub call them."
  }

  validation {
    condition     = alltrue([for one in values(var.environments) : can(regex("^refs/heads/[A-Za-z0-9._/-]+$", one.ref))])
    error_message = "Each ref must be the full name of a branch, refs/heads/…, without wildcards (a pull request's ref may not deploy)."
  }

  validation {
    condition     = alltrue([for one in values(var.environments) : can(regex("^[a-z]([a-z0-9-]{0,41}[a-z0-9])?$", one.service))])
    error_message = "Each service must be a Cloud Run service's name: the environment's service_name."
  }

  validation {
    condition = alltrue([
      for one in values(var.environments) : can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", one.bucket))
    ])
    error_message = "Each bucket must be a valid bucket name: 3 to 63 lower-case letters, digits, dots, hyphens, underscores."
  }

  validation {
    condition = alltrue([
      for one in values(var.environments) : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", one.service_account))
    ])
    error_message = "Each service_account must be an account ID of 6 to 30 characters, without @ and domain."
  }

  validation {
    condition = (
      length(distinct(values(var.environments)[*].bucket)) == length(var.environments) &&
      length(distinct(values(var.environments)[*].service)) == length(var.environments) &&
      length(distinct(values(var.environments)[*].service_account)) == length(var.environments)
    )
    error_message = "Environments must not share a bucket, a service or an identity: staging could then change production's runs."
  }

  validation {
    condition     = alltrue([for one in values(var.environments) : !startswith(one.service_account, "github-deployer")])
    error_message = "The deployer's identity must not also be the one that trains."
  }
}

variable "repository_id" {
  description = "Repository of the images in Artifact Registry."
  type        = string
  default     = "mmm-repo"
}

variable "github_repository" {
  description = "The one repository whose workflows may deploy: OWNER/NAME."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository must be OWNER/NAME, without wildcards and without https://."
  }
}

variable "github_repository_id" {
  description = "Its number, which nobody can take over with the name: `gh api repos/OWNER/NAME --jq .id`."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.github_repository_id))
    error_message = "github_repository_id must be a number."
  }
}

variable "github_owner_id" {
  description = "Number of the owner: `gh api repos/OWNER/NAME --jq .owner.id`."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.github_owner_id))
    error_message = "github_owner_id must be a number."
  }
}

variable "deployed" {
  description = "Environments whose service and jobs are there: only then can their deployer be given rights on them, and on nothing else."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.deployed : contains(keys(var.environments), name)])
    error_message = "deployed names an environment that environments does not have."
  }
}

variable "existing" {
  description = "What is there already and is to be imported rather than made; keys as in `environments`."
  type = object({
    deployer         = optional(bool, false)
    registry         = optional(bool, false)
    service_accounts = optional(set(string), [])
    buckets          = optional(set(string), [])
  })
  default = {}

  validation {
    condition = alltrue([
      for name in setunion(var.existing.service_accounts, var.existing.buckets) :
      contains(keys(var.environments), name)
    ])
    error_message = "existing names an environment that environments does not have."
  }
}

variable "cold_after_days" {
  description = "Age at which a run's objects move to colder classes: nearline, coldline, archive. 0 leaves a step out."
  type = object({
    nearline = optional(number, 60)
    coldline = optional(number, 180)
    archive  = optional(number, 0)
  })
  default = {}

  validation {
    condition     = alltrue([for days in values(var.cold_after_days) : days >= 0 && floor(days) == days])
    error_message = "cold_after_days must be whole days, 0 or more."
  }
}

variable "delete_after_days" {
  description = "Age at which a run's objects are deleted. 0 keeps them for ever."
  type        = number
  default     = 0

  validation {
    condition     = var.delete_after_days == 0 || var.delete_after_days >= 30
    error_message = "delete_after_days must be 0 (keep) or at least 30: a run should outlive the campaign it is about."
  }
}

variable "soft_delete_days" {
  description = "How long a deleted or replaced object can be restored."
  type        = number
  default     = 7

  validation {
    condition     = var.soft_delete_days >= 7 && var.soft_delete_days <= 90
    error_message = "soft_delete_days must be 7 to 90, what Cloud Storage offers."
  }
}

variable "log_retention_days" {
  description = "How long logs are kept; the first 30 days are free."
  type        = number
  default     = 30

  validation {
    condition     = var.log_retention_days >= 1 && var.log_retention_days <= 3650
    error_message = "log_retention_days must be 1 to 3650."
  }
}

variable "keep_images" {
  description = "How many images stay in the registry; untagged ones go after a week."
  type        = number
  default     = 20

  validation {
    condition     = var.keep_images >= 5
    error_message = "keep_images must be at least 5, or there is nothing to roll back to."
  }
}

variable "billing_account" {
  description = "Billing account (XXXXXX-XXXXXX-XXXXXX) for the budget; empty makes none."
  type        = string
  default     = ""

  validation {
    condition     = var.billing_account == "" || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account must look like 01AB23-45CD67-89EF01."
  }
}

variable "monthly_budget" {
  description = "Cost a month at 50, 90 and 100 % of which the billing administrators are told; in the account's currency."
  type        = number
  default     = 100

  validation {
    condition     = var.monthly_budget > 0 && floor(var.monthly_budget) == var.monthly_budget
    error_message = "monthly_budget must be a whole number above 0."
  }
}
