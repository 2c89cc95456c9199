resource "aws_iam_policy" "encoded" {
  name = "encoded-plain"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Queues"
        Effect = "Allow"
        Action = [
          "sqs:SendMessage",
          "sqs:ReceiveMessage", # takes
          "sqs:DeleteMessage",
        ]
        Resource = aws_sqs_queue.q.arn
      },
      {
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = "*"
      },
    ]
  })
}
