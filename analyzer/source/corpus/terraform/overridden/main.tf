data "aws_iam_policy_document" "overridden" {
  override_json = var.override
  statement {
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "overridden" {
  name   = "overridden"
  role   = "overridden-role"
  policy = data.aws_iam_policy_document.overridden.json
}
