resource "aws_iam_policy" "directive" {
  name   = "directive"
  policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [
    %{ for bucket in var.buckets ~}
    { "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "${bucket}" }
    %{ endfor ~}
  ]
}
EOF
}
