data "aws_iam_policy_document" "oneline" {
  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["arn:aws:s3:::shop-orders/*"]
  }
}

resource "aws_iam_role_policy" "oneline" {
  name   = "oneline"
  role   = "oneline-role"
  policy = data.aws_iam_policy_document.oneline.json
}
