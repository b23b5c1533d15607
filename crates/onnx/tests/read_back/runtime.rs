//! The operators of ONNX that our files use, by their definitions (<https://onnx.ai/onnx/operators>) and as plainly as can
//! be. It shares nothing with the network's own arithmetic, and refuses what it does not know.

use onnx::{Model, Node, Tensor};
use std::collections::HashMap;

/// Numbers with their extents, row-major.
#[derive(Clone, Debug)]
pub struct Array {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// The output of `model` for `pictures` of `shape`.
pub fn run(model: &Model, shape: Vec<usize>, pictures: Vec<f32>) -> Array {
    let graph = model.graph.as_ref().unwrap();
    let mut values: HashMap<&str, Array> = HashMap::new();
    for tensor in &graph.initializer {
        let shape = tensor.dims.iter().map(|&extent| extent as usize).collect();
        let values_of = floats(tensor);
        let array = Array {
            shape,
            values: values_of,
        };
        assert!(
            values.insert(&tensor.name, array).is_none(),
            "{} twice",
            tensor.name
        );
    }
    let pictures = Array {
        shape,
        values: pictures,
    };
    values.insert(&graph.input[0].name, pictures);
    for node in &graph.node {
        let inputs: Vec<&Array> = node
            .input
            .iter()
            .map(|name| &values[name.as_str()])
            .collect();
        let output = compute(node, &inputs);
        assert!(
            values.insert(&node.output[0], output).is_none(),
            "{} twice",
            node.name
        );
    }
    values[graph.output[0].name.as_str()].clone()
}

/// The numbers of a weight.
pub fn floats(tensor: &Tensor) -> Vec<f32> {
    assert_eq!(tensor.data_type, Tensor::FLOAT);
    let (numbers, rest) = tensor.raw_data.as_chunks();
    assert!(rest.is_empty());
    assert_eq!(numbers.len() as i64, tensor.dims.iter().product::<i64>());
    numbers
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

fn compute(node: &Node, inputs: &[&Array]) -> Array {
    let attributes: Vec<&str> = node.attribute.iter().map(|one| &*one.name).collect();
    match (node.op_type.as_str(), &attributes[..], inputs) {
        ("Conv", ["kernel_shape", "pads", "strides"], [x, weight, bias]) => {
            convolution(x, weight, bias, Windows::of(node))
        }
        ("MaxPool", ["kernel_shape", "pads", "strides"], [x]) => max_pool(x, Windows::of(node)),
        ("Relu", [], [x]) => map(x, |value| value.max(0.0)),
        ("Add", [], [a, b]) => add(a, b),
        ("GlobalAveragePool", [], [x]) => {
            pool(x, |cells| cells.iter().sum::<f32>() / cells.len() as f32)
        }
        ("GlobalMaxPool", [], [x]) => pool(x, |cells| {
            cells.iter().copied().fold(f32::NEG_INFINITY, f32::max)
        }),
        ("Concat", ["axis"], [a, b]) => {
            assert_eq!(node.attribute[0].i, Some(1));
            concat(a, b)
        }
        ("Flatten", ["axis"], [x]) => {
            assert_eq!(node.attribute[0].i, Some(1));
            let shape = vec![x.shape[0], x.values.len() / x.shape[0]];
            Array {
                shape,
                values: x.values.clone(),
            }
        }
        ("Gemm", ["transB"], [x, weight, bias]) => {
            assert_eq!(node.attribute[0].i, Some(1));
            linear(x, weight, bias)
        }
        other => panic!("{other:?}"),
    }
}

/// Square windows over a map.
#[derive(Clone, Copy)]
struct Windows {
    size: usize,
    padding: usize,
    stride: usize,
}

impl Windows {
    fn of(node: &Node) -> Self {
        let [size, padding, stride] = [(0, 2), (1, 4), (2, 2)].map(|(place, count)| {
            let numbers = &node.attribute[place].ints;
            assert_eq!(numbers.len(), count);
            assert!(numbers.iter().all(|number| number == &numbers[0]));
            numbers[0] as usize
        });
        Self {
            size,
            padding,
            stride,
        }
    }

    fn side(self, side: usize) -> usize {
        (side + 2 * self.padding - self.size) / self.stride + 1
    }

    /// For each place of the output of a map of `height` × `width`: the cells of its window inside the map, each after its
    /// place in the window.
    fn cells(self, height: usize, width: usize) -> Vec<Vec<(usize, usize)>> {
        let inside = |start: usize, offset: usize, limit: usize| {
            let at = (start * self.stride + offset).checked_sub(self.padding)?;
            (at < limit).then_some(at)
        };
        let mut all = Vec::new();
        for row in 0..self.side(height) {
            for column in 0..self.side(width) {
                let mut cells = Vec::new();
                for place in 0..self.size * self.size {
                    let y = inside(row, place / self.size, height);
                    let x = inside(column, place % self.size, width);
                    cells.extend(y.zip(x).map(|(y, x)| (place, y * width + x)));
                }
                all.push(cells);
            }
        }
        all
    }
}

fn convolution(x: &Array, weight: &Array, bias: &Array, windows: Windows) -> Array {
    let [count, channels, height, width] = x.shape[..].try_into().unwrap();
    assert_eq!(weight.shape[1..], [channels, windows.size, windows.size]);
    let (plane, kernel) = (height * width, windows.size * windows.size);
    let places = windows.cells(height, width);
    let mut values = Vec::new();
    for picture in x.values.chunks_exact(channels * plane) {
        for (filter, bias) in weight
            .values
            .chunks_exact(channels * kernel)
            .zip(&bias.values)
        {
            values.extend(places.iter().map(|cells| {
                let products = (0..channels).flat_map(|channel| {
                    let read = move |(place, cell): &(usize, usize)| {
                        filter[channel * kernel + place] * picture[channel * plane + cell]
                    };
                    cells.iter().map(read)
                });
                products.sum::<f32>() + bias
            }));
        }
    }
    let sides = [height, width].map(|side| windows.side(side));
    let shape = vec![count, weight.shape[0], sides[0], sides[1]];
    Array { shape, values }
}

fn max_pool(x: &Array, windows: Windows) -> Array {
    let [count, channels, height, width] = x.shape[..].try_into().unwrap();
    let places = windows.cells(height, width);
    let maps = x.values.chunks_exact(height * width);
    let values = maps.flat_map(|map| {
        let largest = |cells: &Vec<(usize, usize)>| {
            let inside = cells.iter().map(|(_, cell)| map[*cell]);
            inside.fold(f32::NEG_INFINITY, f32::max)
        };
        places.iter().map(largest).collect::<Vec<f32>>()
    });
    let values = values.collect();
    let sides = [height, width].map(|side| windows.side(side));
    Array {
        shape: vec![count, channels, sides[0], sides[1]],
        values,
    }
}

fn pool(x: &Array, of: impl Fn(&[f32]) -> f32) -> Array {
    let [count, channels, height, width] = x.shape[..].try_into().unwrap();
    let values = x.values.chunks_exact(height * width).map(of).collect();
    Array {
        shape: vec![count, channels, 1, 1],
        values,
    }
}

fn map(x: &Array, of: impl Fn(f32) -> f32) -> Array {
    let values = x.values.iter().map(|&value| of(value)).collect();
    Array {
        shape: x.shape.clone(),
        values,
    }
}

fn add(a: &Array, b: &Array) -> Array {
    assert_eq!(a.shape, b.shape);
    let values = a.values.iter().zip(&b.values).map(|(a, b)| a + b).collect();
    Array {
        shape: a.shape.clone(),
        values,
    }
}

/// Along the second axis, of pictures that have one cell a channel.
fn concat(a: &Array, b: &Array) -> Array {
    let (of_a, of_b) = (a.shape[1], b.shape[1]);
    let pairs = a.values.chunks_exact(of_a).zip(b.values.chunks_exact(of_b));
    let values = pairs.flat_map(|(a, b)| [a, b].concat()).collect();
    Array {
        shape: vec![a.shape[0], of_a + of_b, 1, 1],
        values,
    }
}

fn linear(x: &Array, weight: &Array, bias: &Array) -> Array {
    let [outputs, inputs] = weight.shape[..].try_into().unwrap();
    assert_eq!(x.shape[1], inputs);
    let mut values = Vec::new();
    for x in x.values.chunks_exact(inputs) {
        for (row, bias) in weight.values.chunks_exact(inputs).zip(&bias.values) {
            let products = row.iter().zip(x).map(|(weight, x)| weight * x);
            values.push(products.sum::<f32>() + bias);
        }
    }
    Array {
        shape: vec![x.shape[0], outputs],
        values,
    }
}
