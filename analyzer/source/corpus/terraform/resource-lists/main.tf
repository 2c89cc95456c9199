data "aws_iam_policy_document" "lists" {
  statement {
    sid     = "Orders"
    actions = ["s3:GetObject", "s3:PutObject"]
    resources = [
      # What the shop sells.
      "arn:aws:s3:::shop-*/orders/*", # by day
      "arn:aws:s3:::shop-archive/*",
    ]
  }

  # Everything that has a name of the shop's.
  statement {
    sid       = "Queues"
    actions   = ["sqs:SendMessage", "sqs:ReceiveMessage"]
    resources = ["arn:aws:sqs:*:*:shop-*", aws_sqs_queue.orders.arn]
  }
}

resource "aws_iam_role_policy" "lists" {
  name   = "resource-lists"
  role   = "resource-lists-role"
  policy = data.aws_iam_policy_document.lists.json
}

resource "aws_iam_policy" "encoded" {
  name = "resource-lists-encoded"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Action = ["dynamodb:GetItem", "dynamodb:PutItem"]
        Effect = "Allow"
        Resource = [
          "arn:aws:dynamodb:*:*:table/shop-*",
          "arn:aws:dynamodb:*:*:table/shop-*/index/*"
        ]
        Sid = "Tables"
      }
    ]
  })
}

resource "aws_iam_policy" "heredoc" {
  name   = "resource-lists-heredoc"
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": {
        "Sid": "Topics",
        "Effect": "Allow",
        "Action": [
          "sns:Publish",
          "sns:Subscribe"
        ],
        "Resource": "arn:aws:sns:*:*:shop-*"
      }
    }
  EOT
}
