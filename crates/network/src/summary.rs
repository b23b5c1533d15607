use crate::{
    Algorithm, Body, NetworkSpec, Trainable,
    batch_norm::BatchNorm,
    convolution::Convolution,
    max_pool::MaxPool,
    pass::{Pass, Relu},
    row::SummaryRow,
};
use burn::{
    module::{Module, ModuleVisitor, Param, ParamId},
    tensor::{Device, Tensor},
};
use std::fmt;

/// fastai's `model_summary`: the layers with the shapes of their outputs.
#[derive(Debug, Clone)]
pub struct Summary {
    /// In the order in which torch registers them.
    pub rows: Vec<SummaryRow>,
    /// Parameters that [`Trainable::Head`] trains.
    pub trainable_head: usize,
}

impl Summary {
    /// Layers for square pictures of `size` pixels in batches of `batch_size`.
    pub fn new(spec: &NetworkSpec, size: usize, batch_size: usize) -> Self {
        let mut network = spec.blank(Algorithm::Exact, &Device::flex());
        let mut rows = body_rows(&mut network.body, size);
        rows.extend(network.head.rows());
        for row in &mut rows {
            row.shape.insert(0, batch_size);
        }
        let parameters = network.parameters().into_iter();
        Self {
            rows,
            trainable_head: parameters
                .filter(|parameter| Trainable::Head.includes(parameter))
                .map(|parameter| parameter.shape.iter().product::<usize>())
                .sum(),
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

/// Rows of the body in torch's order, which is that of the fields of its structs; shapes without the batch.
fn body_rows(body: &mut Body, size: usize) -> Vec<SummaryRow> {
    let mut shapes = Shapes(Vec::new());
    body.run(&mut shapes, [3, size, size]);
    let mut order = Order(Vec::new());
    body.visit(&mut order);
    let mut layers = shapes.0;
    layers.sort_by_key(|(id, _)| order.0.iter().position(|visited| visited == id));
    layers.into_iter().flat_map(|(_, rows)| rows).collect()
}

/// The pass that finds shapes. Its values are `[C, H, W]`; it keeps the rows of each convolution, up to the next one,
/// beside the id of the convolution's weight.
struct Shapes(Vec<(ParamId, Vec<SummaryRow>)>);

impl Pass for Shapes {
    type Value = [usize; 3];

    fn convolution(
        &mut self,
        convolution: &mut Convolution,
        norm: &mut BatchNorm,
        [_, height, width]: [usize; 3],
        _: Option<[usize; 3]>,
        relu: Relu,
    ) -> [usize; 3] {
        let shape = [
            convolution.weight.dims()[0],
            convolution.side(height),
            convolution.side(width),
        ];
        let mut rows = vec![
            row("Conv2d", shape, convolution.num_params()),
            row("BatchNorm2d", shape, norm.trained()),
        ];
        if relu == Relu::Present {
            rows.push(row("ReLU", shape, 0));
        }
        self.0.push((convolution.weight.id, rows));
        shape
    }

    fn max_pool(&mut self, pool: MaxPool, [channels, height, width]: [usize; 3]) -> [usize; 3] {
        let shape = [channels, pool.side(height), pool.side(width)];
        if let Some((_, rows)) = self.0.last_mut() {
            rows.push(row("MaxPool2d", shape, 0));
        }
        shape
    }
}

fn row(layer: &'static str, shape: [usize; 3], parameters: usize) -> SummaryRow {
    SummaryRow {
        layer,
        shape: shape.to_vec(),
        parameters,
    }
}

/// Ids of parameters in the order of fields.
struct Order(Vec<ParamId>);

impl ModuleVisitor for Order {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.0.push(parameter.id);
    }
}
