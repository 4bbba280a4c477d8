# What RUNBOOK.md says the meaning of.

locals {
  alarm_actions = var.alarm_topic == "" ? [] : [var.alarm_topic]
}

resource "aws_cloudwatch_metric_alarm" "errors_alarm" {
  alarm_name          = "${var.name}-errors"
  alarm_description   = "Invocations have failed"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = var.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "throttles_alarm" {
  alarm_name          = "${var.name}-throttles"
  alarm_description   = "Invocations were refused, for as many as are allowed were under way"
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = var.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "queue_age_alarm" {
  alarm_name          = "${var.name}-queue-age"
  alarm_description   = "An object's event has waited for an hour"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.queue.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 3600
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "dead_letters_alarm" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "An object's event has failed five times"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letter_queue.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

# Lambda has no metric of it, but says it at the end of each invocation.
resource "aws_cloudwatch_log_metric_filter" "memory_used" {
  name           = "${var.name}-memory"
  log_group_name = aws_cloudwatch_log_group.log_group.name
  pattern        = "[report=\"REPORT\", w1, id, w2, duration, ms1, w3, w4, billed, ms2, w5, w6, size, mb1, w7=\"Max\", w8, w9, used, mb2, ...]"

  metric_transformation {
    namespace = "Eider"
    name      = "${var.name}-memory-used"
    value     = "$used"
    unit      = "Megabytes"
  }
}

resource "aws_cloudwatch_metric_alarm" "memory_alarm" {
  alarm_name          = "${var.name}-memory"
  alarm_description   = "An invocation has used more than nine tenths of the function's memory"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions

  metric_query {
    id          = "used"
    return_data = false

    metric {
      namespace   = "Eider"
      metric_name = "${var.name}-memory-used"
      stat        = "Maximum"
      period      = 300
    }
  }

  metric_query {
    id          = "percent"
    expression  = "100 * used / ${var.memory_size}"
    label       = "Memory used"
    return_data = true
  }
}
