data "aws_iam_policy_document" "many" {
  statement {
    sid       = "S0"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["*"]
  }

  statement {
    sid       = "S1"
    actions   = ["sqs:SendMessage", "sqs:DeleteMessage"]
    resources = ["*"]
  }

  statement {
    sid       = "S2"
    actions   = ["sns:Publish", "sns:Subscribe"]
    resources = ["*"]
  }

  statement {
    sid       = "S3"
    actions   = ["kms:Decrypt", "kms:Encrypt"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "many" {
  name   = "many"
  role   = "many-role"
  policy = data.aws_iam_policy_document.many.json
}
