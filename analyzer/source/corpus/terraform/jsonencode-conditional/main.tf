resource "aws_iam_policy" "conditional" {
  name = "conditional"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = var.on ? [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = "*" }] : []
  })
}
