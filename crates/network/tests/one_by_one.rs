//! An answer belongs to its picture alone.

use burn::tensor::{Device, Tensor, TensorData};
use network::{Algorithm, Architecture, HeadKind, NetworkSpec};

#[test]
fn an_answer_is_the_same_to_the_last_bit_however_many_pictures_are_asked_about_at_once() {
    let device = Device::flex();
    for (head, size) in [
        (HeadKind::Fastai, [64, 96]),
        (HeadKind::Fastai, [128, 128]),
        (HeadKind::Plain, [96, 64]),
    ] {
        let spec = NetworkSpec {
            base_width: 16,
            head,
            ..NetworkSpec::new(Architecture::ResNet18, 37)
        };
        let network = spec.init(Algorithm::Fast, 1, &device).for_inference();
        let (count, length) = (19, 3 * size[0] * size[1]);
        let values: Vec<f32> = (0..count * length)
            .map(|index| (index * 7919 % 1013) as f32 / 300.0 - 1.5)
            .collect();
        let ask = |from: usize, pictures: usize| {
            let values = values[from * length..][..pictures * length].to_vec();
            let data = TensorData::new(values, [pictures, 3, size[0], size[1]]);
            let features = network.body.forward(Tensor::from_data(data, &device));
            let logits = network.head.forward(features.clone());
            let numbers = |data: TensorData| data.iter::<f32>().collect::<Vec<f32>>();
            (numbers(features.to_data()), numbers(logits.to_data()))
        };
        let (features, logits) = ask(0, count);
        let (per_picture, classes) = (features.len() / count, logits.len() / count);
        for (from, pictures) in [(0, 1), (18, 1), (3, 2), (5, 3), (2, 7), (1, 18)] {
            let (some_features, some) = ask(from, pictures);
            assert!(
                features[from * per_picture..][..pictures * per_picture] == some_features,
                "features, {pictures} pictures of {size:?}"
            );
            assert_eq!(
                logits[from * classes..][..pictures * classes],
                some,
                "{pictures} pictures of {size:?}, {head:?}"
            );
        }
    }
}
