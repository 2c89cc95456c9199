module "policy" {
  source  = "terraform-aws-modules/iam/aws//modules/iam-policy"
  version = "~> 5.0"

  name = "module-policy"
  path = "/"

  policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Action": ["ec2:Describe*", "ec2:StartInstances"],
      "Effect": "Allow",
      "Resource": "*"
    }
  ]
}
EOF
}
