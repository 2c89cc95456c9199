variable "name" {}

resource "aws_iam_policy" "worker" {
  name = "${var.name}-worker"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["sqs:ReceiveMessage", "sqs:DeleteMessage"], Resource = "*" }
    ]
  })
}
