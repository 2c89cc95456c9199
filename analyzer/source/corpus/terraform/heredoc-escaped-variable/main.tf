resource "aws_iam_policy" "escaped" {
  name   = "escaped"
  policy = <<EOF
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::home/$${aws:username}/*"}
]}
EOF
}
