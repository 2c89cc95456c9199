data "aws_iam_policy_document" "shared" {
  statement {
    actions = ["ec2:StartInstances", "ec2:StopInstances",
               "ec2:RebootInstances", "ec2:DescribeInstances",
    "ec2:DescribeTags"]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "shared" {
  name   = "shared"
  role   = "shared-role"
  policy = data.aws_iam_policy_document.shared.json
}
