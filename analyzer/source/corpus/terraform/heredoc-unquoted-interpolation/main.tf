resource "aws_iam_policy" "raw" {
  name   = "raw"
  policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:PutObject"],
      "Resource": ${jsonencode(var.buckets)}
    }
  ]
}
EOF
}
