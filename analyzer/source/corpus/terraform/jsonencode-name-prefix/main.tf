resource "aws_iam_role_policy" "prefix" {
  name_prefix = "prefixed-"
  role        = aws_iam_role.elsewhere.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["firehose:PutRecord", "firehose:PutRecordBatch"], Resource = "*" }]
  })
}
