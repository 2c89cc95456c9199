data "aws_iam_policy_document" "headers" {
  # ---------------------------------------------------------------
  # Storage
  # ---------------------------------------------------------------

  # Objects.
  statement {
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
  # Without an empty line above.
  statement {
    actions   = ["s3:ListBucket"]
    resources = ["*"]
  } # behind the brace
}

resource "aws_iam_role_policy" "headers" {
  name   = "headers"
  role   = "headers-role"
  policy = data.aws_iam_policy_document.headers.json
}
