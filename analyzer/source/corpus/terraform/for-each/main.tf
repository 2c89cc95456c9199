resource "aws_iam_role_policy" "each" {
  for_each = toset(["a", "b"])
  name     = "each-${each.key}"
  role     = each.value
  policy   = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:ListBucket"], Resource = "*" }]
  })
}
