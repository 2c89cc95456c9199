import json
import pulumi_aws as aws

aws.iam.RolePolicy(
    "orders",
    role="orders-role",
    policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:DeleteMessage"], "Resource": "*"}],
    }),
)
