/// One layer of a network as fastai's `model_summary` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRow {
    /// torch's class name, `Lambda` for fastai's flatten.
    pub layer: &'static str,
    /// Shape of the output, batch first.
    pub shape: Vec<usize>,
    /// Number of parameters.
    pub parameters: usize,
}
