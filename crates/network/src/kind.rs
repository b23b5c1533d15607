/// Role of a tensor in its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Weight or bias of a convolution or a linear layer.
    Weight,
    /// Weight or bias of a batch normalisation.
    Norm,
    /// Running statistic of a batch normalisation: never trained by gradient.
    Statistic,
}
