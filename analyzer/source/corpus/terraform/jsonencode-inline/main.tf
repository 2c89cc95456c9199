resource "aws_iam_role" "inline" {
  name               = "inline-role"
  assume_role_policy = "{}"

  inline_policy {
    name   = "inline-one"
    policy = jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Action = ["xray:PutTraceSegments", "xray:GetTraceSummaries"], Resource = "*" }]
    })
  }
  inline_policy {
    name   = "inline-two"
    policy = data.aws_iam_policy_document.two.json
  }
  inline_policy {}
}
data "aws_iam_policy_document" "two" {
  statement {
    actions   = ["logs:PutLogEvents", "logs:CreateLogStream"]
    resources = ["*"]
  }
}
