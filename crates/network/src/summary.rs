use crate::{HeadKind, NetworkSpec, Trainable, head::HIDDEN};
use std::fmt;

/// fastai's `model_summary`: the layers with the shapes of their outputs.
#[derive(Debug, Clone)]
pub struct Summary {
    /// In the order in which torchvision registers them.
    pub rows: Vec<SummaryRow>,
    /// Parameters that [`Trainable::Head`] trains.
    pub trainable_head: usize,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRow {
    /// torch's class name, `Lambda` for fastai's flatten.
    pub layer: &'static str,
    /// Shape of the output, batch first.
    pub shape: Vec<usize>,
    /// Number of parameters.
    pub parameters: usize,
}

impl Summary {
    /// Layers for square pictures of `size` pixels in batches of `batch_size`.
    pub fn new(spec: &NetworkSpec, size: usize, batch_size: usize) -> Self {
        let mut walk = Walk {
            rows: Vec::new(),
            batch_size,
            trainable_head: 0,
        };
        walk.body(spec, size);
        walk.head(spec);
        Self {
            rows: walk.rows,
            trainable_head: walk.trainable_head,
        }
    }

    /// Number of all parameters.
    pub fn total(&self) -> usize {
        self.rows.iter().map(|row| row.parameters).sum()
    }

    /// Number of parameters that a stage trains.
    pub fn trainable(&self, trainable: Trainable) -> usize {
        match trainable {
            Trainable::All => self.total(),
            Trainable::Head => self.trainable_head,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (double, single) = ("=".repeat(70), "_".repeat(70));
        writeln!(f, "{double}")?;
        writeln!(
            f,
            "{:<20}  {:<20} {:<10}",
            "Layer (type)", "Output Shape", "Param #"
        )?;
        writeln!(f, "{double}")?;
        for row in &self.rows {
            let shape = format!("{:?}", row.shape);
            writeln!(f, "{:<20}  {shape:<20} {:<10}", row.layer, row.parameters)?;
            writeln!(f, "{single}")?;
        }
        writeln!(f, "Total params:  {}", self.total())
    }
}

struct Walk {
    rows: Vec<SummaryRow>,
    batch_size: usize,
    trainable_head: usize,
}

impl Walk {
    fn body(&mut self, spec: &NetworkSpec, size: usize) {
        let width = spec.base_width;
        let mut side = size.div_ceil(2);
        self.convolution([3, width], 7, side);
        self.row("ReLU", &[width, side, side], 0);
        side = side.div_ceil(2);
        self.row("MaxPool2d", &[width, side, side], 0);
        let mut channels = width;
        for (layer, blocks) in spec.architecture.blocks().into_iter().enumerate() {
            for block in 0..blocks {
                let stride = if layer > 0 && block == 0 { 2 } else { 1 };
                self.block(spec, &mut channels, width << layer, stride, &mut side);
            }
        }
    }

    fn block(
        &mut self,
        spec: &NetworkSpec,
        channels: &mut usize,
        width: usize,
        stride: usize,
        side: &mut usize,
    ) {
        let (before, after) = (*side, side.div_ceil(stride));
        let output = width * spec.architecture.expansion();
        if spec.architecture.has_bottlenecks() {
            self.convolution([*channels, width], 1, before);
            self.convolution([width, width], 3, after);
            self.convolution([width, output], 1, after);
            self.row("ReLU", &[output, after, after], 0);
        } else {
            self.convolution([*channels, width], 3, after);
            self.row("ReLU", &[width, after, after], 0);
            self.convolution([width, width], 3, after);
        }
        if stride != 1 || *channels != output {
            self.convolution([*channels, output], 1, after);
        }
        (*channels, *side) = (output, after);
    }

    fn head(&mut self, spec: &NetworkSpec) {
        let channels = spec.architecture.feature_channels(spec.base_width);
        let classes = spec.classes;
        let from = self.rows.len();
        if spec.head == HeadKind::Plain {
            self.row("AdaptiveAvgPool2d", &[channels, 1, 1], 0);
            self.row("Linear", &[classes], classes * (channels + 1));
        } else {
            let pooled = 2 * channels;
            self.row("AdaptiveAvgPool2d", &[channels, 1, 1], 0);
            self.row("AdaptiveMaxPool2d", &[channels, 1, 1], 0);
            self.row("Lambda", &[pooled], 0);
            self.row("BatchNorm1d", &[pooled], 2 * pooled);
            self.row("Dropout", &[pooled], 0);
            self.row("Linear", &[HIDDEN], HIDDEN * (pooled + 1));
            self.row("ReLU", &[HIDDEN], 0);
            self.row("BatchNorm1d", &[HIDDEN], 2 * HIDDEN);
            self.row("Dropout", &[HIDDEN], 0);
            self.row("Linear", &[classes], classes * (HIDDEN + 1));
            self.row("BatchNorm1d", &[classes], 2 * classes);
        }
        self.trainable_head += self.rows[from..]
            .iter()
            .map(|row| row.parameters)
            .sum::<usize>();
    }

    /// A convolution and the batch normalisation behind it.
    fn convolution(&mut self, [input, output]: [usize; 2], size: usize, side: usize) {
        self.row(
            "Conv2d",
            &[output, side, side],
            input * output * size * size,
        );
        self.row("BatchNorm2d", &[output, side, side], 2 * output);
        self.trainable_head += 2 * output;
    }

    fn row(&mut self, layer: &'static str, shape: &[usize], parameters: usize) {
        let shape = [&[self.batch_size], shape].concat();
        self.rows.push(SummaryRow {
            layer,
            shape,
            parameters,
        });
    }
}
