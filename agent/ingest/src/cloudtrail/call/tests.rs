use super::*;

#[test]
fn a_region_has_a_partition() {
    let cases = [
        ("eu-west-1", "aws"),
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
    ];
    for (region, partition) in cases {
        assert_eq!(partition_of(region), partition, "{region}");
    }
}
