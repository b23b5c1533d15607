use super::Report;
use std::path::PathBuf;
use thiserror::Error;

/// Failure to read, match, fetch or write weights.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The file could not be opened or read.
    #[error("cannot read {path}: {error}; check that the path is right and the file readable")]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        error: std::io::Error,
    },
    /// The file has no bytes.
    #[error("{path} is empty, probably an interrupted download; delete it and fetch it again")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is an HTML page.
    #[error(
        "{path} is a web page, not weights: the server answered the download with an error page; fetch it again"
    )]
    WebPage {
        /// The file.
        path: PathBuf,
    },
    /// The file is the text that Git stores in place of a large file.
    #[error("{path} is a Git LFS pointer, not weights; run `git lfs pull` where it came from")]
    LfsPointer {
        /// The file.
        path: PathBuf,
    },
    /// The content is of no known kind.
    #[error(
        "{path} holds no weights: it is neither a torch file (zip or legacy stream) nor safetensors"
    )]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file, or what it claims to hold, is larger than any network here needs.
    #[error(
        "{path} is refused: {what} takes more than {limit} bytes; save the network's state dict alone, with \
         torch.save(model.state_dict(), path)"
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The part that is too large.
        what: &'static str,
        /// Largest size accepted, in bytes.
        limit: u64,
    },
    /// The pickle in a torch file names something that no state dictionary consists of.
    #[error(
        "{path} is refused: it asks for `{object}`, which no state dict needs (nothing of it was run); \
         save the weights alone, with torch.save(model.state_dict(), path)"
    )]
    ForbiddenObject {
        /// The file.
        path: PathBuf,
        /// Python name of the object, such as `posix.system`.
        object: String,
    },
    /// The pickle in a torch file is of a protocol that `torch.save` writes only on request.
    #[error(
        "{path} is written in pickle protocol {protocol}, which is not supported; save it again with torch.save, without \
         `pickle_protocol`"
    )]
    PickleProtocol {
        /// The file.
        path: PathBuf,
        /// The protocol; 2 and 3 are supported.
        protocol: u8,
    },
    /// The file begins like weights and then breaks its format.
    #[error("{path} is damaged or cut short: {reason}; fetch or copy it again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its fault.
        reason: String,
    },
    /// The file is sound and holds no tensor.
    #[error("{path} holds no tensors; it must hold a state dict")]
    NoTensors {
        /// The file.
        path: PathBuf,
    },
    /// A tensor's elements are of a type that weights don't have.
    #[error(
        "{path} stores `{name}` as {element_type}, which is not supported; convert it to float32"
    )]
    ElementType {
        /// The file.
        path: PathBuf,
        /// Name of the tensor.
        name: String,
        /// Its element type.
        element_type: String,
    },
    /// Two tensors of a file stand for the same parameter.
    #[error("the weights name the parameter `{name}` twice, in two key layouts; keep one of them")]
    NamedTwice {
        /// The parameter.
        name: String,
    },
    /// No tensor has the name and shape of one in the network.
    #[error(
        "the weights have nothing in common with the network: they hold {found}, the network expects {expected}; \
         choose weights of the network's architecture"
    )]
    NothingMatches {
        /// The first names in the file.
        found: String,
        /// The first names in the network.
        expected: String,
    },
    /// Tensors that the network must have are missing or have another shape.
    #[error(
        "the weights do not fit the network: {0}; choose weights of the same depth, width and layout"
    )]
    DoesNotFit(Box<Report>),
    /// The tensor has no place in the key layout asked for.
    #[error("`{name}` has no place in the {layout} key layout; export in the other layout")]
    NoPlaceInLayout {
        /// Name of the tensor.
        name: String,
        /// Name of the layout.
        layout: &'static str,
    },
    /// The name is not that of a known download.
    #[error("no pretrained weights are called `{name}`{suggestion}; known names: {known}")]
    UnknownName {
        /// The name asked for.
        name: String,
        /// `; did you mean …?` or nothing.
        suggestion: String,
        /// All names.
        known: String,
    },
    /// The download failed.
    #[error("cannot fetch the weights `{name}`: {error}")]
    Fetch {
        /// Name of the weights.
        name: String,
        /// The download's failure.
        error: download::DownloadError,
    },
    /// The shape and the number of values of a tensor to be written disagree.
    #[error("cannot write `{name}`: the shape {shape:?} does not hold {values} values")]
    WrongLength {
        /// Name of the tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Number of its values.
        values: usize,
    },
    /// The file could not be written.
    #[error("cannot write {path}: {error}; check the folder's permissions and the free space")]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        error: std::io::Error,
    },
}
