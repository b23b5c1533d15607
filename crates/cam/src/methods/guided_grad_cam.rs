//! Guided Grad-CAM: the pixels of guided backpropagation under Grad-CAM.

use super::{grad_cam, guided_backprop};
use crate::{asked::Asked, heat_map::HeatMap};

/// Guided Grad-CAM: [guided backpropagation](guided_backprop::map) times [Grad-CAM](grad_cam::map) without its negative values, spread over the
/// pixels. Never negative.
///
/// Selvaraju et al., 2017, arXiv:1610.02391. Its fine lines are those of guided backpropagation and explain as little: what
/// depends on the class is where Grad-CAM lets them be seen.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let mut fine = guided_backprop::map(asked);
    let coarse = grad_cam::map(asked).rectified();
    let coarse = coarse.spread([fine.width, fine.height]);
    for (value, share) in fine.values.iter_mut().zip(coarse) {
        *value *= share as f32;
    }
    fine
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::Given;

    #[test]
    fn lines_are_seen_only_where_grad_cam_speaks_for_the_class() {
        let given = Given {
            size: [4, 1],
            frame: vec![0.0; 12],
            frame_gradient: Some(|_| vec![3.0; 12]),
            ..Given::rows(1, &[2.0, -1.0], &[1.0, 1.0])
        };
        // Grad-CAM is 2 and −1: 2, 3/2 and 1/2 on the way, 0.
        assert_eq!(map(&given).values, [6.0, 4.5, 1.5, 0.0]);
    }
}
