resource "aws_iam_policy" "plain" {
  name   = "from-file"
  policy = file("${path.module}/policies/plain.json")
}
resource "aws_iam_policy" "rendered" {
  name = "from-template"
  policy = templatefile("${path.module}/policies/rendered.json.tftpl", {
    bucket = aws_s3_bucket.b.arn
  })
}
resource "aws_iam_policy" "missing" {
  name   = "from-nowhere"
  policy = file("policies/absent.json")
}
resource "aws_iam_policy" "outside" {
  name   = "from-outside"
  policy = file("../../../../outside.json")
}
resource "aws_iam_policy" "looped" {
  name   = "from-loop"
  policy = templatefile("policies/loop.json.tftpl", { buckets = var.buckets })
}
