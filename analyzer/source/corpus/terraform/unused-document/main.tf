data "aws_iam_policy_document" "exported" {
  statement {
    actions   = ["athena:StartQueryExecution", "athena:GetQueryResults"]
    resources = ["*"]
  }
}

output "json" {
  value = data.aws_iam_policy_document.exported.json
}
