module "policy" {
  source = "terraform-aws-modules/iam/aws//modules/iam-policy"
  name   = "module-document"
  policy = data.aws_iam_policy_document.module.json
}
data "aws_iam_policy_document" "module" {
  statement {
    actions   = ["rds:DescribeDBInstances", "rds:StartDBInstance"]
    resources = ["*"]
  }
}
