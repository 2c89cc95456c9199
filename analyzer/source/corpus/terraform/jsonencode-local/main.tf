locals {
  policy = {
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["events:PutEvents", "events:PutRule"], Resource = "*" }]
  }
}
resource "aws_iam_policy" "local" {
  name   = "local"
  policy = jsonencode(local.policy)
}
