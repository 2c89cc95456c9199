data "aws_iam_policy_document" "inner" {
  statement {
    actions   = ["ssm:GetParameter", "ssm:GetParameters"]
    resources = ["arn:aws:ssm:*:*:parameter/shop/*"]
  }
}

resource "aws_iam_role_policy" "inner" {
  name   = "inner"
  role   = "inner-role"
  policy = data.aws_iam_policy_document.inner.json
}
