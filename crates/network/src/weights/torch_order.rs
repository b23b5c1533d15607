use crate::body::FAMILIES;
use std::cmp::Ordering;

/// Order of tensor names as torch lists them: the body as its family declares, the head; within a layer weight, bias,
/// running mean, running variance, number of batches. Unknown names come last, in byte order.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    fn ranked(name: &str) -> impl Iterator<Item = (u64, &str)> {
        name.split('.').map(|part| (rank(part), part))
    }
    ranked(left).cmp(ranked(right))
}

fn rank(part: &str) -> u64 {
    const OF_A_LAYER: [&str; 5] = [
        "weight",
        "bias",
        "running_mean",
        "running_var",
        "num_batches_tracked",
    ];
    let last = || match part {
        "fc" | "head" | "classifier" => u64::MAX - 1,
        _ => u64::MAX,
    };
    let bodies = FAMILIES.iter().flat_map(|family| family.order);
    let mut named = bodies.chain(&OF_A_LAYER);
    part.parse()
        .ok()
        .or_else(|| named.position(|known| *known == part).map(|at| at as u64))
        .unwrap_or_else(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_the_order_of_a_torchvision_state_dict() {
        let torch = [
            "conv1.weight",
            "bn1.weight",
            "bn1.bias",
            "bn1.running_mean",
            "bn1.running_var",
            "bn1.num_batches_tracked",
            "layer1.0.conv1.weight",
            "layer1.0.bn1.weight",
            "layer1.0.conv2.weight",
            "layer1.0.downsample.0.weight",
            "layer1.0.downsample.1.weight",
            "layer1.2.conv1.weight",
            "layer1.10.conv1.weight",
            "layer2.0.conv1.weight",
            "fc.weight",
            "fc.bias",
            "something_else",
        ];
        let mut sorted = torch;
        sorted.reverse();
        sorted.sort_by(|left, right| compare(left, right));
        assert_eq!(sorted, torch);
    }

    #[test]
    fn different_names_are_never_equal() {
        assert_ne!(
            compare("layer1.1.weight", "layer1.01.weight"),
            Ordering::Equal
        );
        assert_ne!(
            compare(
                "layer1.99999999999999999999.w",
                "layer1.99999999999999999998.w"
            ),
            Ordering::Equal
        );
    }
}
