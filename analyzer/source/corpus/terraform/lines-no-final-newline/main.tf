data "aws_iam_policy_document" "lines-no-final-newline" {
  # What the worker reads.
  statement {
    sid    = "Read"
    effect = "Allow"
    actions = [
      "s3:GetObject",
      "s3:GetObjectVersion", # old versions, too
      "s3:ListBucket",
    ]
    resources = [
      aws_s3_bucket.orders.arn,
      "${aws_s3_bucket.orders.arn}/*",
    ]
  }

  # What the worker writes.
  statement {
    sid = "Write"
    actions = [
      "sqs:SendMessage",
      "sqs:ReceiveMessage"
    ]
    resources = [aws_sqs_queue.orders.arn]
  }
}

resource "aws_iam_role_policy" "lines-no-final-newline" {
  name   = "lines-no-final-newline"
  role   = "lines-no-final-newline-role"
  policy = data.aws_iam_policy_document.lines-no-final-newline.json
}