data "aws_iam_policy_document" "dynamic" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
  dynamic "statement" {
    for_each = var.queues
    content {
      actions   = ["sqs:SendMessage"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "dynamic" {
  name   = "dynamic"
  role   = "dynamic-role"
  policy = data.aws_iam_policy_document.dynamic.json
}
