resource "aws_iam_policy" "loop" {
  name = "loop"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for bucket in var.buckets : { Effect = "Allow", Action = ["s3:GetObject"], Resource = bucket }]
  })
}
