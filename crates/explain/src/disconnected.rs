//! Four pictures side by side that the network saw one by one (DiFull: Rao, Böhle and Schiele 2022, arXiv:2205.10435).

use crate::{
    asked::{AskedBatch, AskedPicture},
    explanation::{Asking, ExplainError},
    network::SavedNetwork,
    pictures::{Picture, normalised},
};
use cam::{Asked, FeatureMap, HeatMap, Method, ReluGradient, fused};
use measure::{joined, quarter};
use std::cell::OnceCell;

/// For each method the map of each quarter's class, over a frame of twice the width and height of the pictures'. Each picture
/// goes through the whole network alone, and the target about its class depends on it alone; the stages' outputs lie side by
/// side, so that a method sees one feature map of four pictures.
///
/// # Errors
/// See [`ExplainError`].
pub fn maps(
    network: &SavedNetwork,
    pictures: &[Picture; 4],
    classes: [usize; 4],
    asking: &Asking,
    methods: &[&'static Method],
) -> Result<Vec<[HeatMap; 4]>, ExplainError> {
    let size = pictures[0].crop.frame;
    let frames = normalised(pictures, &network.normalisation());
    let answers = network.look_at(&asking.stages, frames, size);
    answers[0].check(pictures.iter().map(|picture| picture.file.name.as_str()))?;
    // As the same map of the whole grid is asked.
    let logits = answers[0].logits.iter();
    let targets = classes.iter().zip(logits);
    let targets = targets.map(|(class, logits)| vec![asking.target(*class).settled(logits)]);
    let targets: Vec<_> = targets.collect();
    let batches = AskedBatch::of_stages(network, &answers, pictures, &targets)?;
    let stages: Vec<Vec<AskedPicture>> = batches
        .iter()
        .map(|batch| batch.asked().collect())
        .collect();
    let grids: Vec<[InGrid; 4]> = stages
        .iter()
        .map(|stage| [0, 1, 2, 3].map(|cell| InGrid::new(stage, cell)))
        .collect();
    let map = |method: &&'static Method, cell: usize| {
        if !method.is_of_a_layer() {
            return method.map(&grids[0][cell]);
        }
        let of_stages: Vec<HeatMap> = grids.iter().map(|grid| method.map(&grid[cell])).collect();
        fused(&of_stages, asking.fusion)
    };
    let of_method = |method: &&'static Method| {
        if method.is_class_specific() {
            return [0, 1, 2, 3].map(|cell| map(method, cell));
        }
        // A class-blind map stands for every class.
        let blind = map(method, 0);
        [0, 1, 2, 3].map(|_| blind.clone())
    };
    Ok(methods.iter().map(of_method).collect())
}

/// One stage of the four, asked about the picture in one quarter.
struct InGrid<'a> {
    pictures: &'a [AskedPicture<'a>],
    cell: usize,
    features: FeatureMap,
    gradient: OnceCell<FeatureMap>,
    frame: OnceCell<Vec<f32>>,
}

impl<'a> InGrid<'a> {
    fn new(pictures: &'a [AskedPicture<'a>], cell: usize) -> Self {
        let maps: Vec<&FeatureMap> = pictures.iter().map(Asked::features).collect();
        Self {
            pictures,
            cell,
            features: side_by_side([maps[0], maps[1], maps[2], maps[3]].map(Some)),
            gradient: OnceCell::new(),
            frame: OnceCell::new(),
        }
    }

    fn own(&self) -> &AskedPicture<'a> {
        &self.pictures[self.cell]
    }
}

/// Four maps of one shape as one; zeros where there is none.
fn side_by_side(maps: [Option<&FeatureMap>; 4]) -> FeatureMap {
    let Some([channels, height, width]) = maps.iter().flatten().next().map(|map| map.shape())
    else {
        unreachable!("there is a map in one of the quarters");
    };
    let values = maps.map(|map| match map {
        Some(map) => map.channels().flatten().copied().collect(),
        None => vec![0.0; channels * height * width],
    });
    let whole = joined(values.each_ref().map(Vec::as_slice), [width, height]);
    FeatureMap::new(channels, 2 * height, 2 * width, whole)
        .unwrap_or_else(|error| unreachable!("four maps fill one of twice the sides: {error}"))
}

impl Asked for InGrid<'_> {
    fn features(&self) -> &FeatureMap {
        &self.features
    }

    fn gradient(&self) -> &FeatureMap {
        self.gradient.get_or_init(|| {
            let mut quarters = [None; 4];
            quarters[self.cell] = Some(self.own().gradient());
            side_by_side(quarters)
        })
    }

    fn score(&self) -> f32 {
        self.own().score()
    }

    fn frame_size(&self) -> [usize; 2] {
        self.own().frame_size().map(|side| 2 * side)
    }

    fn frame(&self) -> &[f32] {
        self.frame.get_or_init(|| {
            let frames = [0, 1, 2, 3].map(|cell: usize| self.pictures[cell].frame());
            joined(frames, self.own().frame_size())
        })
    }

    fn scores(&self, frames: &mut dyn Iterator<Item = Vec<f32>>) -> Vec<f32> {
        let size = self.own().frame_size();
        let mut own = frames.map(|frame| quarter(&frame, size, self.cell));
        self.own().scores(&mut own)
    }

    /// A channel of the other quarters changes nothing either.
    fn scores_without_each_channel(&self) -> Vec<f32> {
        self.own().scores_without_each_channel()
    }

    /// The target depends on the picture in its own quarter alone.
    fn pixel_gradients(
        &self,
        frames: &mut dyn Iterator<Item = Vec<f32>>,
        relu: ReluGradient,
        take: &mut dyn FnMut(&[f32]),
    ) {
        let size = self.own().frame_size();
        let mut own = frames.map(|frame| quarter(&frame, size, self.cell));
        self.own().pixel_gradients(&mut own, relu, &mut |gradient| {
            let nothing = vec![0.0; gradient.len()];
            let mut quarters = [&nothing[..]; 4];
            quarters[self.cell] = gradient;
            take(&joined(quarters, size));
        });
    }
}
