module "role" {
  source = "./role"
  name   = "listed"
  inline_policy_statements = [
    {
      sid       = "Secrets"
      actions   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
      effect    = "Allow"
      resources = ["*"]
      condition = [{ test = "StringEquals", variable = "aws:ResourceTag/team", values = ["shop"] }]
    },
  ]
}
