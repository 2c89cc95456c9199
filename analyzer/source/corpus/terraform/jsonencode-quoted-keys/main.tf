resource "aws_iam_group_policy" "quoted" {
  name  = "quoted"
  group = "developers"
  policy = jsonencode({
    "Version" : "2012-10-17",
    "Statement" : [
      {
        "Effect" : "Allow",
        "Action" : [
          "codebuild:StartBuild",
          "codebuild:BatchGetBuilds"
        ],
        "Resource" : "*",
        "Condition" : {
          "StringEquals" : { "aws:ResourceTag/team" : "shop" }
        }
      }
    ]
  })
}
