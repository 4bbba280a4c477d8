variable "package" {
  type        = string
  description = "The zip that ./dev package lambda makes; default: where it makes it"
  default     = null
}

variable "name" {
  type        = string
  description = "Of the function; the names of all else begin with it"
  default     = "eider"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,29}$", var.name))
    error_message = "A name has up to 30 small letters, digits and hyphens."
  }
}

variable "architecture" {
  type        = string
  description = "For which ./dev package lambda was asked"
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "It is x86_64 or arm64."
  }
}

variable "memory_size" {
  type        = number
  description = "MB; 1769 is what comes with one whole processor"
  default     = 1769
}

variable "timeout" {
  type        = number
  description = "Seconds of one invocation; an answer that needs more becomes a link to a result"
  default     = 300
}

variable "reserved_concurrency" {
  type        = number
  description = "Invocations at once, and so the most that it can cost; -1 for what the account has left"
  default     = -1
}

variable "url_auth" {
  type        = string
  description = "Who may ask the URL; with NONE everybody, whom API keys in eider.yaml may still keep out"
  default     = "AWS_IAM"

  validation {
    condition     = contains(["AWS_IAM", "NONE"], var.url_auth)
    error_message = "It is AWS_IAM or NONE."
  }
}

variable "config" {
  type        = string
  description = "EIDER_CONFIG, an s3:// object or the YAML itself; else eider.yaml of the bucket, if there is one"
  default     = ""
}

variable "object_events" {
  type        = bool
  description = "Send the function an event for each object that changes"
  default     = false
}

variable "log_days" {
  type    = number
  default = 30
}

variable "alarm_topic" {
  type        = string
  description = "ARN of the SNS topic that alarms are sent to"
  default     = ""
}
