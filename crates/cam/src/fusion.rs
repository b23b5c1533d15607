use crate::heat_map::HeatMap;

/// Factor before the hyperbolic tangent by which maps of shallow layers are scaled, the γ of LayerCAM's paper.
const GAMMA: f64 = 2.0;

/// One map of those of several layers, the deepest last: the maximum of all, each without its negative values and scaled to
/// its largest one, those of shallower layers by `tanh(γ M / max M)` with γ = 2, which lifts their middle values. It has the
/// positions of the finest. Of one map, that map as it is.
///
/// Jiang, Zhang, Hou, Cheng, Wei: *LayerCAM: Exploring Hierarchical Class Activation Maps for Localization*, 2021, IEEE
/// Transactions on Image Processing 30.
///
/// # Panics
/// If there is no map.
pub fn fused(maps: &[HeatMap]) -> HeatMap {
    let Some((deepest, shallower)) = maps.split_last() else {
        panic!("no map to fuse");
    };
    if shallower.is_empty() {
        return deepest.clone();
    }
    let finest = |side: fn(&HeatMap) -> usize| maps.iter().map(side).max().unwrap_or(1);
    let [width, height] = [finest(|map| map.width), finest(|map| map.height)];
    let mut values = vec![0.0f64; width * height];
    for (place, map) in maps.iter().enumerate() {
        let largest = f64::from(map.range()[1]);
        if largest > 0.0 {
            let spread = map.rectified().spread([width, height]);
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
    HeatMap {
        height,
        width,
        values: values.into_iter().map(|value| value as f32).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(width: usize, values: &[f32]) -> HeatMap {
        HeatMap {
            height: values.len() / width,
            width,
            values: values.to_vec(),
        }
    }

    #[test]
    fn a_single_map_stays_raw() {
        assert_eq!(fused(&[map(2, &[-3.0, 5.0])]), map(2, &[-3.0, 5.0]));
    }

    #[test]
    fn each_place_has_the_strongest_of_its_layers_at_the_finest_positions() {
        let (fine, coarse) = (map(4, &[0.0, 8.0, -9.0, 4.0]), map(2, &[10.0, -10.0]));
        let fused = fused(&[fine, coarse]);
        assert_eq!((fused.width, fused.height), (4, 1));
        // The coarse map is 1 and 0 at the centres of its cells, and 3/4 and 1/4 between them.
        let shallow = |share: f64| (2.0 * share).tanh() as f32;
        assert_eq!(fused.values, [1.0, shallow(1.0), 0.25, shallow(0.5)]);
    }

    #[test]
    fn layers_without_evidence_say_nothing() {
        let fused = fused(&[map(2, &[-1.0, -2.0]), map(1, &[-3.0])]);
        assert!(!fused.has_positive());
    }
}
