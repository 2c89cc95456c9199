data "aws_iam_policy_document" "both" {
  statement {
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "first" {
  name   = "first"
  role   = "first-role"
  policy = data.aws_iam_policy_document.both.json
}

resource "aws_iam_role_policy" "second" {
  name   = "second"
  role   = "second-role"
  policy = data.aws_iam_policy_document.both.json
}
