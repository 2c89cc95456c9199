data "aws_iam_policy_document" "interpolated" {
  statement {
    actions   = ["s3:Get${var.what}", "s3:PutObject"]
    resources = ["*"]
  }
  statement {
    actions   = ["sqs:SendMessage", "sqs:ReceiveMessage"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "interpolated" {
  name   = "interpolated"
  role   = "interpolated-role"
  policy = data.aws_iam_policy_document.interpolated.json
}
