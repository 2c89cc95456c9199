data "aws_iam_policy_document" "order" {
  statement {
    resources = ["*"]
    actions = ["logs:CreateLogGroup",

      "logs:CreateLogStream",


      "logs:PutLogEvents",
    ]
    effect = "Allow"
  }
}

resource "aws_iam_role_policy" "order" {
  name   = "order"
  role   = "order-role"
  policy = data.aws_iam_policy_document.order.json
}
