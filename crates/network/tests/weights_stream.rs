//! A safetensors file as we read it, in a stream, beside what the library says of its bytes.

use network::weights::{StateDict, WeightsError};
use proptest::prelude::*;
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

/// A file with all kinds of tensors, some of which do not belong to the network.
fn file() -> Vec<u8> {
    let header = r#"{"model.a":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},"model.n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"opt.x":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[36,39]},"model.h":{"dtype":"BF16","shape":[2],"data_offsets":[32,36]},"model.none":{"dtype":"F32","shape":[0],"data_offsets":[39,39]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend((0..39).map(|byte| byte * 5 + 1));
    bytes
}

fn streamed(bytes: &[u8]) -> Result<StateDict, WeightsError> {
    let path = Path::new("weights.safetensors");
    let mut noted = Vec::new();
    let state = StateDict::read_safetensors(&mut &bytes[..], bytes.len() as u64, path, |some| {
        noted.extend_from_slice(some);
    });
    if state.is_ok() {
        assert_eq!(noted, bytes);
    }
    state
}

/// Fails unless `state` has what the library finds in `file` under names that begin with `model.`.
fn assert_as_the_library_reads(state: &StateDict, file: &SafeTensors<'_>) {
    let of_network = file.iter().filter_map(|(name, view)| {
        let name = name.strip_prefix("model.")?;
        Some((name, view))
    });
    let mut count = 0;
    for (name, view) in of_network {
        let found = state.get(name).unwrap();
        assert_eq!(found.shape, view.shape(), "{name}");
        if view.dtype() == Dtype::F32 {
            // As bits: a number may be no number.
            let bits = found
                .as_floats()
                .unwrap()
                .iter()
                .map(|value| value.to_bits());
            let expected = view
                .data()
                .as_chunks()
                .0
                .iter()
                .copied()
                .map(u32::from_le_bytes);
            assert!(bits.eq(expected), "{name}");
        }
        count += 1;
    }
    assert_eq!(state.len(), count);
}

#[test]
fn a_file_read_in_a_stream_has_what_the_library_finds_in_its_bytes() {
    let bytes = file();
    let state = streamed(&bytes).unwrap();
    assert_eq!(state.len(), 4);
    assert_as_the_library_reads(&state, &SafeTensors::deserialize(&bytes).unwrap());
}

#[test]
fn a_file_that_became_shorter_while_it_was_read_is_an_error() {
    let bytes = file();
    let path = Path::new("weights.safetensors");
    let (length, half) = (bytes.len() as u64, &bytes[..bytes.len() - 9]);
    let error = StateDict::read_safetensors(&mut &half[..], length, path, |_| ()).unwrap_err();
    assert!(matches!(error, WeightsError::Read { .. }), "{error}");
}

proptest! {
    #[test]
    fn damaged_files_are_refused_or_have_what_the_library_finds(
        place in 0usize..400, byte: u8, cut in 0usize..60,
    ) {
        let mut bytes = file();
        let place = place % bytes.len();
        bytes[place] = byte;
        bytes.truncate(bytes.len() - cut % 50);
        match (streamed(&bytes), SafeTensors::deserialize(&bytes)) {
            (Ok(state), Ok(file)) => assert_as_the_library_reads(&state, &file),
            // A type that weights do not have is none of the library's business.
            (Err(WeightsError::ElementType { .. } | WeightsError::NoTensors { .. }), Ok(_)) => (),
            (Err(_), Err(_)) => (),
            (state, file) => panic!("{state:?} and {file:?}"),
        }
    }
}
