# All objects of a prefix, as if each had just been written.

resource "aws_sfn_state_machine" "backfill" {
  name     = "${var.name}-backfill"
  type     = "STANDARD"
  role_arn = aws_iam_role.backfill_role.arn

  definition = templatefile("${path.module}/../backfill.asl.json", {
    Function = aws_lambda_alias.live.arn
    Bucket   = aws_s3_bucket.bucket.bucket
  })
}

resource "aws_iam_role" "backfill_role" {
  name               = "${var.name}-backfill-${local.region}"
  assume_role_policy = data.aws_iam_policy_document.states.json
}

data "aws_iam_policy_document" "states" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role_policy" "backfill" {
  name   = "backfill"
  role   = aws_iam_role.backfill_role.id
  policy = data.aws_iam_policy_document.backfill.json
}

data "aws_iam_policy_document" "backfill" {
  statement {
    sid       = "Invoke"
    actions   = ["lambda:InvokeFunction"]
    resources = [aws_lambda_alias.live.arn]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.bucket.arn]
  }

  statement {
    sid       = "Report"
    actions   = ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = ["${aws_s3_bucket.bucket.arn}/_backfills/*"]
  }

  statement {
    sid       = "Run"
    actions   = ["states:StartExecution"]
    resources = ["arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:${var.name}-backfill"]
  }

  statement {
    sid       = "Runs"
    actions   = ["states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"]
    resources = ["arn:${local.partition}:states:${local.region}:${local.account}:execution:${var.name}-backfill/*"]
  }
}
