data "aws_iam_policy_document" "comments" {
  statement {
    actions = [
      # Reading.
      "dynamodb:GetItem",   // one
      "dynamodb:Query",     # many
      /* writing */ "dynamodb:PutItem",
      "dynamodb:UpdateItem", /* with a condition */
      # "dynamodb:DeleteItem", is left out on purpose

      "dynamodb:BatchGetItem" // the last
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "comments" {
  name   = "comments"
  role   = "comments-role"
  policy = data.aws_iam_policy_document.comments.json
}
