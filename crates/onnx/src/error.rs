/// Bytes of the largest file: programs hold the lengths in protocol buffers as signed numbers of 32 bits.
pub const LARGEST: usize = i32::MAX as usize;

/// Reason why a network is not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OnnxError {
    /// A weight is infinite or NaN, or became it when a batch normalisation was folded in.
    #[error(
        "`{tensor}` is not finite once its batch normalisation is folded in: this network has diverged, export an earlier \
         checkpoint"
    )]
    NotFinite {
        /// Name of the tensor.
        tensor: String,
    },
    /// The file would be larger than the format allows.
    #[error(
        "the network takes {bytes} bytes, and ONNX files end at {LARGEST}: export it as safetensors"
    )]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
}
