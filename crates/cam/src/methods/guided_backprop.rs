//! Guided backpropagation: the way back to the pixels through ReLUs that keep what is positive alone.

use crate::{
    asked::{Asked, ReluGradient},
    heat_map::HeatMap,
};

/// Guided backpropagation: `max_c |g_c|` for each pixel over its colours c, where g is what comes back from the target to the
/// normalised pixels if every ReLU lets through only what is positive (beside what it lets through anyway). Never negative.
///
/// Springenberg, Dosovitskiy, Brox, Riedmiller: *Striving for Simplicity: The All Convolutional Net*, 2015, arXiv:1412.6806; the
/// largest colour as in Simonyan, Vedaldi, Zisserman, 2014, arXiv:1312.6034. It is no gradient, and hardly explains an answer:
/// Adebayo et al., *Sanity Checks for Saliency Maps*, 2018, arXiv:1810.03292, find that it stays the same when the weights of the
/// layers above are drawn anew; Nie, Zhang, Patel, 2018, arXiv:1805.07039, show that it restores the picture.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let [width, height] = asked.frame_size();
    let mut values = vec![0.0f32; width * height];
    let mut frame = std::iter::once(asked.frame().to_vec());
    asked.pixel_gradients(&mut frame, ReluGradient::Guided, &mut |guided| {
        for (index, slope) in guided.iter().enumerate() {
            let value = &mut values[index % (width * height)];
            *value = value.max(slope.abs());
        }
    });
    HeatMap {
        height,
        width,
        values,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::Given;

    #[test]
    fn a_pixel_has_its_strongest_colour_whatever_the_sign() {
        let pixels = Given {
            size: [2, 1],
            frame: vec![0.0; 6],
            frame_gradient: Some(|_| vec![1.0, 0.0, -4.0, 0.5, 2.0, 0.25]),
            ..Given::default()
        };
        assert_eq!(map(&pixels).values, [4.0, 0.5]);
    }
}
