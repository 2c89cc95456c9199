data "aws_iam_policy_document" "expressions" {
  statement {
    actions   = concat(local.readers, ["s3:PutObject"])
    resources = ["*"]
  }
  statement {
    actions   = ["sqs:SendMessage", "sqs:ReceiveMessage"]
    resources = var.queues
  }
}

resource "aws_iam_role_policy" "expressions" {
  name   = "expressions"
  role   = "expressions-role"
  policy = data.aws_iam_policy_document.expressions.json
}

locals {
  readers = ["s3:GetObject"]
}
