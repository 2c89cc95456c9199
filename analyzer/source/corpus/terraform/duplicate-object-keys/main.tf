locals {
  tags = {
    team = "shop"
    team = "billing"
  }
}
resource "aws_iam_policy" "unread" {
  name   = "unread"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })
}
