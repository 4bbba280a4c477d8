# Eider as a function of AWS Lambda: the system of ../template.yaml, under the same names. ../RUNBOOK.md says how it is
# deployed, watched and rolled back.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.29" # the first with invoked_via_function_url
    }
  }
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region
  package   = coalesce(var.package, "${path.module}/../../../build/lambda/package.zip")
}

resource "aws_lambda_function" "function" {
  function_name                  = var.name
  filename                       = local.package
  source_code_hash               = filebase64sha256(local.package)
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  memory_size                    = var.memory_size
  timeout                        = var.timeout
  reserved_concurrent_executions = var.reserved_concurrency
  role                           = aws_iam_role.function_role.arn
  publish                        = true

  ephemeral_storage {
    size = 2048
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.log_group.name
  }

  environment {
    variables = {
      EIDER_LAKE    = "s3://${aws_s3_bucket.bucket.bucket}/"
      EIDER_CONFIG  = var.config
      EIDER_RESULTS = "1d"
    }
  }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.function.function_name
  function_version = aws_lambda_function.function.version
}

resource "aws_lambda_function_url" "function_url" {
  function_name      = aws_lambda_function.function.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = var.url_auth
  invoke_mode        = "RESPONSE_STREAM"
}

resource "aws_lambda_permission" "public_url" {
  count                  = var.url_auth == "NONE" ? 1 : 0
  function_name          = aws_lambda_function.function.function_name
  qualifier              = aws_lambda_alias.live.name
  principal              = "*"
  action                 = "lambda:InvokeFunctionUrl"
  function_url_auth_type = "NONE"
}

resource "aws_lambda_permission" "public_invocation_by_url" {
  count                    = var.url_auth == "NONE" ? 1 : 0
  function_name            = aws_lambda_function.function.function_name
  qualifier                = aws_lambda_alias.live.name
  principal                = "*"
  action                   = "lambda:InvokeFunction"
  invoked_via_function_url = true
}

resource "aws_lambda_event_source_mapping" "objects" {
  event_source_arn        = aws_sqs_queue.queue.arn
  function_name           = aws_lambda_alias.live.arn
  enabled                 = var.object_events
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 5
  }
}

resource "aws_cloudwatch_log_group" "log_group" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_days
}

resource "aws_iam_role" "function_role" {
  name               = "${var.name}-function-${local.region}"
  assume_role_policy = data.aws_iam_policy_document.lambda.json
}

data "aws_iam_policy_document" "lambda" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "function" {
  name   = "function"
  role   = aws_iam_role.function_role.id
  policy = data.aws_iam_policy_document.function.json
}

data "aws_iam_policy_document" "function" {
  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.log_group.arn}:*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.bucket.arn]
  }

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.bucket.arn}/*"]
  }

  statement { # answers that are too long to be sent
    sid       = "Results"
    actions   = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"]
    resources = ["${aws_s3_bucket.bucket.arn}/_results/*"]
  }

  statement {
    sid       = "Objects"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [aws_sqs_queue.queue.arn]
  }
}
