resource "aws_iam_user_policy" "short" {
  name   = "short"
  user   = "deployer"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["s3:PutObject", "s3:GetObject"], Resource = "*" }, { Effect = "Allow", Action = ["cloudfront:CreateInvalidation"], Resource = "*" }] })
}
