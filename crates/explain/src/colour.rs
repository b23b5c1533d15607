//! Colours of heat-maps.

/// magma of matplotlib, 256 colours, red green blue one after the other.
const TABLE: &[u8; 768] = include_bytes!("magma.rgb");

/// magma, as matplotlib's `imshow` draws it: from black (0) over violet and orange to a pale yellow (1). Its lightness
/// grows evenly, so it reads the same in print and to colour-blind eyes.
///
/// Stéfan van der Walt, Nathaniel Smith, Eric Firing, 2015, <https://bids.github.io/colormap/>.
pub fn magma(value: f64) -> [u8; 3] {
    // The conversion truncates, and is 0 for NaN.
    let index = 3 * ((256.0 * value) as usize).min(255);
    [TABLE[index], TABLE[index + 1], TABLE[index + 2]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_table_is_matplotlibs() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/fixtures/cam/magma_256_rgb_u8.json");
        let golden: serde_json::Value =
            serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let golden: Vec<[u8; 3]> = serde_json::from_value(golden["rgb"].clone()).unwrap();
        assert_eq!(golden.len(), 256);
        for (index, colour) in golden.iter().enumerate() {
            assert_eq!(
                magma((index as f64 + 0.5) / 256.0),
                *colour,
                "entry {index}"
            );
        }
    }

    #[test]
    fn values_beyond_the_scale_have_the_colours_of_its_ends() {
        assert_eq!(magma(-1.0), magma(0.0));
        assert_eq!(magma(7.0), magma(1.0));
        assert_eq!(magma(f64::NAN), magma(0.0));
    }
}
