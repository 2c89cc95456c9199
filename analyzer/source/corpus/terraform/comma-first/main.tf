data "aws_iam_policy_document" "leading" {
  statement {
    actions = [ "kms:Decrypt"
              , "kms:Encrypt"
              , "kms:GenerateDataKey"
              ]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "leading" {
  name   = "leading"
  role   = "leading-role"
  policy = data.aws_iam_policy_document.leading.json
}
