import * as iam from "aws-cdk-lib/aws-iam";

export class ShopStack {
  constructor(role: iam.Role) {
    role.addToPolicy(new iam.PolicyStatement({
      actions: ["s3:GetObject", "s3:PutObject"],
      resources: ["*"],
    }));
  }
}
