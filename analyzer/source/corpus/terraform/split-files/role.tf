locals {
  team    = "shop"
  service = "${local.team}-images"
}

resource "aws_iam_role" "split" {
  name               = local.service
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "split" {
  name   = "${local.service}-pull"
  role   = aws_iam_role.split.name
  policy = data.aws_iam_policy_document.split.json
}
