data "aws_iam_policy_document" "notactions" {
  statement {
    not_actions = ["iam:*", "organizations:*"]
    resources   = ["*"]
  }
  statement {
    actions       = ["s3:GetObject", "s3:PutObject"]
    not_resources = ["arn:aws:s3:::secrets/*"]
  }
}

resource "aws_iam_role_policy" "notactions" {
  name   = "notactions"
  role   = "notactions-role"
  policy = data.aws_iam_policy_document.notactions.json
}
