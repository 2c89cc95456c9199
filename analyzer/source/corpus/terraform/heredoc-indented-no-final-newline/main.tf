resource "aws_iam_policy" "heredoc" {
  name   = "heredoc-no-final-newline"
  policy = <<-POLICY
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Effect": "Allow",
          "Action": [
            "sns:Publish",
            "sns:Subscribe",
            "sns:Unsubscribe"
          ],
          "Resource": "${aws_sns_topic.t.arn}"
        },
        {
          "Effect": "Allow",
          "Action": "sqs:SendMessage",
          "Resource": ["arn:aws:sqs:${var.region}:${data.aws_caller_identity.me.account_id}:orders"]
        }
      ]
    }
  POLICY
}