module "lambda" {
  source        = "terraform-aws-modules/lambda/aws"
  function_name = "thumbnails"

  attach_policy_statements = true
  policy_statements = {
    dynamodb = {
      effect    = "Allow",
      actions   = ["dynamodb:GetItem", "dynamodb:PutItem"],
      resources = [aws_dynamodb_table.t.arn]
    },
    s3_read = {
      effect    = "Allow"
      actions   = ["s3:HeadObject", "s3:GetObject"]
      resources = ["arn:aws:s3:::thumbnails/*"]
    }
  }
}
