use crate::heat_map::HeatMap;

/// Factor before the hyperbolic tangent by which maps of shallow layers are scaled, the γ of LayerCAM's paper.
const GAMMA: f64 = 2.0;

/// How maps of several layers become one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fusion {
    /// The maximum of all, each without its negative values and scaled to its largest one, those of shallower layers by
    /// `tanh(γ M / max M)` with γ = 2, which lifts their middle values.
    ///
    /// Jiang, Zhang, Hou, Cheng, Wei: *LayerCAM: Exploring Hierarchical Class Activation Maps for Localization*, 2021, IEEE
    /// Transactions on Image Processing 30.
    #[default]
    Maximum,
    /// The product of all, each without its negative values and scaled from its smallest to its largest one, 0 to 1: what any layer
    /// does not mark is not marked.
    ///
    /// Domeniconi, Stramiglio, Lombardi, Salti: *How to Evaluate and Refine your CAM*, 2026, arXiv:2605.14641 (RefineCAM), as in its
    /// authors' class for pytorch-grad-cam, which multiplies pixels of the picture and not positions of the finest layer.
    Product,
}

/// One map of those of several layers, the deepest last, with the positions of the finest. Of one map, that map as it is.
///
/// # Panics
/// If there is no map.
pub fn fused(maps: &[HeatMap], fusion: Fusion) -> HeatMap {
    let Some((deepest, shallower)) = maps.split_last() else {
        panic!("no map to fuse");
    };
    if shallower.is_empty() {
        return deepest.clone();
    }
    let finest = |side: fn(&HeatMap) -> usize| maps.iter().map(side).max().unwrap_or(1);
    let [width, height] = [finest(|map| map.width), finest(|map| map.height)];
    let values = match fusion {
        Fusion::Maximum => maximum(shallower, deepest, [width, height]),
        Fusion::Product => product(maps, [width, height]),
    };
    HeatMap {
        height,
        width,
        values: values.into_iter().map(|value| value as f32).collect(),
    }
}

fn maximum(shallower: &[HeatMap], deepest: &HeatMap, size: [usize; 2]) -> Vec<f64> {
    let mut values = vec![0.0f64; size[0] * size[1]];
    for (place, map) in shallower.iter().chain([deepest]).enumerate() {
        let largest = f64::from(map.range()[1]);
        if largest > 0.0 {
            let spread = map.rectified().spread(size);
            for (value, share) in values.iter_mut().zip(spread) {
                let share = share / largest;
                let is_deepest = place == shallower.len();
                let scaled = if is_deepest {
                    share
                } else {
                    (GAMMA * share).tanh()
                };
                *value = value.max(scaled);
            }
        }
    }
    values
}

fn product(maps: &[HeatMap], size: [usize; 2]) -> Vec<f64> {
    let mut values = vec![1.0; size[0] * size[1]];
    for map in maps {
        let rectified = map.rectified();
        let [low, high] = rectified.range().map(f64::from);
        let share = |value: f64| match high > low {
            true => (value - low) / (high - low),
            // A level map prefers no place; one without evidence marks none.
            false => f64::from(u8::from(high > 0.0)),
        };
        for (value, spread) in values.iter_mut().zip(rectified.spread(size)) {
            *value *= share(spread);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heat_map::map;

    #[test]
    fn a_single_map_stays_raw() {
        assert_eq!(
            fused(&[map(2, &[-3.0, 5.0])], Fusion::Product),
            map(2, &[-3.0, 5.0])
        );
    }

    #[test]
    fn each_place_has_the_strongest_of_its_layers_at_the_finest_positions() {
        let (fine, coarse) = (map(4, &[0.0, 8.0, -9.0, 4.0]), map(2, &[10.0, -10.0]));
        let fused = fused(&[fine, coarse], Fusion::Maximum);
        assert_eq!((fused.width, fused.height), (4, 1));
        // The coarse map is 1 and 0 at the centres of its cells, and 3/4 and 1/4 between them.
        let shallow = |share: f64| (2.0 * share).tanh() as f32;
        assert_eq!(fused.values, [1.0, shallow(1.0), 0.25, shallow(0.5)]);
    }

    #[test]
    fn layers_without_evidence_say_nothing() {
        let maps = [map(2, &[-1.0, -2.0]), map(1, &[-3.0])];
        for fusion in [Fusion::Maximum, Fusion::Product] {
            assert!(!fused(&maps, fusion).has_positive());
        }
    }

    #[test]
    fn a_product_has_what_every_layer_marks() {
        let (fine, coarse) = (map(4, &[1.0, 9.0, -9.0, 5.0]), map(2, &[10.0, -10.0]));
        let product = fused(&[fine.clone(), coarse], Fusion::Product);
        // The fine map is 1/9, 1, 0 and 5/9, the coarse one 1, 3/4, 1/4 and 0.
        for (found, expected) in product.values.iter().zip([1.0 / 9.0, 0.75, 0.0, 0.0]) {
            assert!(
                (found - expected).abs() < 1e-7,
                "{found} instead of {expected}"
            );
        }
        // Only what is above the least counts, and a layer that is level leaves the others as they are.
        let least = map(4, &[4.0, 2.0, 3.0, 2.0]);
        let product = fused(&[least, map(1, &[7.0])], Fusion::Product);
        assert_eq!(product.values, [1.0, 0.0, 0.5, 0.0]);
        assert!(!fused(&[fine, map(1, &[-7.0])], Fusion::Product).has_positive());
    }
}
