resource "aws_iam_role_policy" "maybe" {
  count  = var.enabled ? 1 : 0
  name   = "maybe"
  role   = "maybe-role"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:ListBucket"], Resource = "*" }]
  })
}

resource "aws_iam_role_policy" "several" {
  count  = var.several
  name   = "several-${count.index}"
  role   = "several-role"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["sqs:SendMessage", "sqs:ReceiveMessage"], Resource = "*" }]
  })
}
