locals {
  prefix = "shop"
}
resource "aws_iam_role" "app" {
  name               = "${local.prefix}-app"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  inline_policy {
    name   = "inline"
    policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["sqs:SendMessage", "sqs:ReceiveMessage"], Resource = "*" }] })
  }
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}
data "aws_iam_policy_document" "app" {
  # Reads objects.
  statement {
    sid = "Read"
    actions = [
      "s3:GetObject", # the objects
      "s3:ListBucket",
    ]
    resources = ["${aws_s3_bucket.b.arn}/*", aws_s3_bucket.b.arn]
  }

  # Writes tables.
  statement {
    actions   = ["dynamodb:*"]
    resources = [aws_dynamodb_table.t.arn]
    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = ["eu-west-1"]
    }
  }
}
resource "aws_iam_role_policy" "app" {
  name   = "app"
  role   = aws_iam_role.app.id
  policy = data.aws_iam_policy_document.app.json
}
resource "aws_iam_policy" "old" {
  name   = "old"
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        {"Effect": "Allow", "Action": ["sns:Publish", "sns:Subscribe"], "Resource": "${aws_sns_topic.t.arn}"}
      ]
    }
  EOT
}
resource "aws_iam_policy" "file" {
  name   = "file"
  policy = templatefile("${path.module}/p.json.tpl", { b = 1 })
}
