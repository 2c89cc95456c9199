data "aws_iam_policy_document" "conditions" {
  statement {
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalTag/team"
      values   = ["shop", "billing"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["true"]
    }
  }
  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["arn:aws:s3:::secrets", "arn:aws:s3:::secrets/*"]
  }
}

resource "aws_iam_role_policy" "conditions" {
  name   = "conditions"
  role   = "conditions-role"
  policy = data.aws_iam_policy_document.conditions.json
}
