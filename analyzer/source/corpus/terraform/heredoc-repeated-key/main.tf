resource "aws_iam_policy" "repeated" {
  name   = "repeated"
  policy = <<EOF
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject"], "Action": ["s3:PutObject"], "Resource": "*"}
]}
EOF
}
