data "aws_iam_policy_document" "minified" {
  count = var.on ? 1 : 0
  statement {
    actions   = ["glue:GetTable", "glue:GetTables"]
    resources = ["*"]
  }
}
resource "aws_iam_policy" "minified" {
  name   = "minified"
  policy = data.aws_iam_policy_document.minified[0].minified_json
}
