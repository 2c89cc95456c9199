data "aws_iam_policy_document" "lines-crlf-bom" {
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

resource "aws_iam_role_policy" "lines-crlf-bom" {
  name   = "lines-crlf-bom"
  role   = "lines-crlf-bom-role"
  policy = data.aws_iam_policy_document.lines-crlf-bom.json
}
