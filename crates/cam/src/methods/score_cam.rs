//! Score-CAM: channels weighted by what the network says of the picture under each of them as a mask.

use crate::{asked::Asked, heat_map::HeatMap};

/// Score-CAM: `Σ_k w_k A_k`, where w is the softmax over the channels of the target for the picture times a mask each: `A_k`
/// spread over the frame and scaled to 0..1.
///
/// Wang, Wang, Du, Yang, Zhang, Ding, Mardziel, Hu: *Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural
/// Networks*, 2020, arXiv:1910.01279. The paper takes the target for a black picture off each, which a softmax does not
/// notice. pytorch-grad-cam spreads a mask so that its outer cells lie at the edges of the picture, half a cell from where they
/// looked. A forward pass of the whole network for each channel: minutes for a picture.
pub fn map(asked: &dyn Asked) -> HeatMap {
    let features = asked.features();
    let (frame, size) = (asked.frame(), asked.frame_size());
    let mut masked = features.channels().map(|channel| {
        let channel = channel.iter().map(|value| f64::from(*value)).collect();
        let mask = scaled(features.heat_map(channel).spread(size));
        let pixels = frame.iter().zip(mask.iter().cycle());
        pixels.map(|(value, share)| value * *share as f32).collect()
    });
    let scores = asked.scores(&mut masked);
    features.weighted_sum(crate::numbers::softmax(&scores))
}

/// The values from 0 to 1; of a level map 0.
fn scaled(values: Vec<f64>) -> Vec<f64> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // As in the authors' program.
    let span = high - low + 1e-8;
    values
        .into_iter()
        .map(|value| (value - low) / span)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{feature_map::FeatureMap, given::Given};

    #[test]
    fn the_channel_under_which_the_target_stays_decides() {
        // Sees a frame of two pixels, and likes the left one.
        let liking = Given {
            features: Some(FeatureMap::new(2, 1, 2, vec![4.0, 0.0, 0.0, 4.0]).unwrap()),
            size: [2, 1],
            frame: vec![1.0; 6],
            of_frame: Some(|frame| 10.0 * frame[0]),
            ..Given::default()
        };
        let [left, right] = map(&liking).values[..] else {
            panic!("two cells");
        };
        assert!(left > 3.99 && right < 0.01, "{left} and {right}");
    }
}
