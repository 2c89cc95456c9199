data "aws_iam_policy_document" "tight" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
  statement {
    actions   = ["s3:PutObject"]
    resources = ["*"]
  }
  # The last one.
  statement {
    actions   = ["s3:DeleteObject"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "tight" {
  name   = "tight"
  role   = "tight-role"
  policy = data.aws_iam_policy_document.tight.json
}
