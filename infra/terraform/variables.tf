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

variable "environment" {
  description = "production or staging; a key of the foundation's `environments`."
  type        = string

  validation {
    condition     = contains(["production", "staging"], var.environment)
    error_message = "environment must be production or staging."
  }
}

variable "service_name" {
  description = "Name of the service; its training job is SERVICE_NAME-train."
  type        = string
  default     = "mmm-app"

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,41}[a-z0-9])?$", var.service_name))
    error_message = "service_name must be up to 43 lower-case letters, digits and hyphens, so that -train fits behind it."
  }
}

variable "image" {
  description = "The image, in this region's registry, with a tag or (as the workflows do) a digest."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+/[a-z0-9._/-]+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$", var.image))
    error_message = "image must be HOST/PATH:TAG or HOST/PATH@sha256:DIGEST."
  }
}

variable "bucket_name" {
  description = "Bucket of the archive, made by the foundation."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name must be a bucket's name, without gs://."
  }
}

variable "runtime_account" {
  description = "Account ID of the identity that serves and trains, made by the foundation."
  type        = string
  default     = "mmm-trainer-sa"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.runtime_account))
    error_message = "runtime_account must be an account ID, without @ and domain."
  }
}

variable "people" {
  description = "Who may open the dashboard: user:…, group:…, domain:… or serviceAccount:…."
  type        = set(string)
  default     = []

  validation {
    condition = alltrue([
      for who in var.people : can(regex("^(user|group|serviceAccount):[^@ ]+@[^@ ]+$|^domain:[^@ ]+$", who))
    ])
    error_message = "people must be user:…@…, group:…@…, serviceAccount:…@… or domain:…; use allow_unauthenticated, knowingly, for everybody."
  }
}

variable "iap" {
  description = "Identity-Aware Proxy in front: people log in with Google, and runs carry their names."
  type        = bool
  default     = true
}

variable "iap_audience" {
  description = "Whom IAP's signed header must be for; the service where null. Empty: the header without a signature is believed."
  type        = string
  default     = null

  validation {
    condition     = var.iap_audience == null || can(regex("^(/projects/[0-9]+/[A-Za-z0-9/-]+)?$", var.iap_audience))
    error_message = "iap_audience must look like /projects/NUMBER/locations/REGION/services/NAME, as the log names it when a token is refused; or be empty."
  }
}

variable "allow_unauthenticated" {
  description = "Everybody on the internet may open the dashboard, start training and read every result. Needs iap = false."
  type        = bool
  default     = false

  validation {
    condition     = !(var.allow_unauthenticated && var.iap)
    error_message = "allow_unauthenticated needs iap = false: with both, nobody could say which of them holds."
  }
}

variable "dashboard" {
  description = "Size of the dashboard. A browser tab takes one kernel of about 150 MB."
  type = object({
    cpu           = optional(number, 2)
    memory_gib    = optional(number, 4)
    min_instances = optional(number, 0)
    max_instances = optional(number, 1)
    concurrency   = optional(number, 80)
    timeout       = optional(number, 3600)
  })
  default = {}

  validation {
    condition     = contains([1, 2, 4, 6, 8], var.dashboard.cpu)
    error_message = "dashboard.cpu must be 1, 2, 4, 6 or 8, what Cloud Run offers."
  }

  validation {
    condition     = var.dashboard.memory_gib >= 1 && var.dashboard.memory_gib <= 32
    error_message = "dashboard.memory_gib must be 1 to 32."
  }

  validation {
    condition     = var.dashboard.concurrency >= 20 && var.dashboard.concurrency <= 1000
    error_message = "dashboard.concurrency must be 20 to 1000: a page holds a websocket and loads beside it, so with 1 (the seed design's value) no page ever opens. One training at a time is kept by the queue."
  }

  validation {
    condition = (
      var.dashboard.min_instances >= 0 && var.dashboard.max_instances >= 1 &&
      var.dashboard.min_instances <= var.dashboard.max_instances
    )
    error_message = "dashboard needs 0 <= min_instances <= max_instances and max_instances >= 1."
  }

  validation {
    condition     = var.dashboard.timeout >= 300 && var.dashboard.timeout <= 3600
    error_message = "dashboard.timeout must be 300 to 3600 seconds: it cuts every open page's connection."
  }
}

variable "training" {
  description = "Size of one training container."
  type = object({
    cpu        = optional(number, 4)
    memory_gib = optional(number, 16)
    timeout    = optional(number, 86400)
    places     = optional(number, 1)
  })
  default = {}

  validation {
    condition     = contains([1, 2, 4, 6, 8], var.training.cpu)
    error_message = "training.cpu must be 1, 2, 4, 6 or 8, what Cloud Run offers."
  }

  validation {
    condition = (
      var.training.memory_gib >= 2 && var.training.memory_gib <= 32 &&
      (var.training.cpu < 6 || var.training.memory_gib >= 4)
    )
    error_message = "training.memory_gib must be 2 to 32, and at least 4 with 6 or 8 processors."
  }

  validation {
    condition     = var.training.timeout >= 600 && var.training.timeout <= 86400
    error_message = "training.timeout must be 600 to 86400 seconds (24 hours)."
  }

  validation {
    condition     = var.training.places >= 1 && var.training.places <= 100
    error_message = "training.places (runs at once) must be 1 to 100."
  }
}

variable "variables" {
  description = "More environment variables of service and job, such as SNOWFLAKE_ACCOUNT. Not for secrets."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for name in keys(var.variables) : !can(regex("(?i)(password|secret|token|private_key|webhook)", name))
    ])
    error_message = "A name in variables sounds like a secret, and a value here is readable in the state; put it into Secret Manager and name it in secret_variables."
  }
}

variable "secret_variables" {
  description = "Environment variable => secret (made by the foundation) and version, such as MMM_WEBHOOK."
  type = map(object({
    secret  = string
    version = optional(string, "latest")
  }))
  default = {}
}

variable "notify" {
  description = "E-mail addresses that are told of alerts."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.notify : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "notify must be e-mail addresses."
  }
}

variable "storage_alert_gib" {
  description = "Size of the bucket above which an alert is raised."
  type        = number
  default     = 500

  validation {
    condition     = var.storage_alert_gib > 0
    error_message = "storage_alert_gib must be above 0."
  }
}

variable "existing_service" {
  description = "The service is there already (made by hand or by the older guide): import it."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Terraform refuses to delete service and job."
  type        = bool
  default     = true
}
