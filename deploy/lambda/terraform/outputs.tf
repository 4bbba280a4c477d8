output "function_name" {
  value = aws_lambda_function.function.function_name
}

output "function_url" {
  value = aws_lambda_function_url.function_url.function_url
}

output "bucket_name" {
  value = aws_s3_bucket.bucket.bucket
}

output "queue_url" {
  value = aws_sqs_queue.queue.url
}

output "dead_letter_queue_url" {
  value = aws_sqs_queue.dead_letter_queue.url
}

output "backfill_arn" {
  value = aws_sfn_state_machine.backfill.arn
}

output "log_group_name" {
  value = aws_cloudwatch_log_group.log_group.name
}
