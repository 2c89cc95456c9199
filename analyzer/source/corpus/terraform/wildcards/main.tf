data "aws_iam_policy_document" "wildcards" {
  statement {
    actions   = ["s3:*"]
    resources = ["*"]
  }
  statement {
    actions   = ["sns:Publish", "sns:Get*", "sns:List*"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "wildcards" {
  name   = "wildcards"
  role   = "wildcards-role"
  policy = data.aws_iam_policy_document.wildcards.json
}
