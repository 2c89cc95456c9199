data "aws_iam_policy_document" "variables" {
  statement {
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["arn:aws:s3:::home/&{aws:username}/*", "arn:aws:s3:::other/$${aws:username}/*"]
  }
}

resource "aws_iam_role_policy" "variables" {
  name   = "variables"
  role   = "variables-role"
  policy = data.aws_iam_policy_document.variables.json
}

data "aws_iam_policy_document" "own" {
  statement {
    actions   = ["s3:GetObject", "s3:ListBucket"]
    resources = ["arn:aws:s3:::home/*"]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["&{aws:username}/*"]
    }
  }
}

resource "aws_iam_role_policy" "own" {
  name   = "own"
  role   = "own-role"
  policy = data.aws_iam_policy_document.own.json
}
