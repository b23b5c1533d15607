//! A safetensors file that is read in a stream, beside one that is read at once.

use network::weights::{StateDict, WeightsError};
use proptest::prelude::*;
use std::path::Path;

/// A file with all kinds of tensors, some of which do not belong to the network.
fn file() -> Vec<u8> {
    let header = r#"{"model.a":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},"model.n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"opt.x":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[36,39]},"model.h":{"dtype":"BF16","shape":[2],"data_offsets":[32,36]},"model.none":{"dtype":"F32","shape":[0],"data_offsets":[39,39]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend((0..39).map(|byte| byte * 5 + 1));
    bytes
}

fn both(bytes: &[u8]) -> [Result<StateDict, String>; 2] {
    let path = Path::new("weights.safetensors");
    let mut noted = Vec::new();
    let streamed = StateDict::read_safetensors(&mut &bytes[..], bytes.len() as u64, path, |some| {
        noted.extend_from_slice(some);
    });
    if streamed.is_ok() {
        assert_eq!(noted, bytes);
    }
    let at_once = StateDict::from_safetensors(bytes, path);
    [streamed, at_once].map(|state| state.map_err(|error| error.to_string()))
}

#[test]
fn a_file_read_in_a_stream_has_the_tensors_of_one_read_at_once() {
    let [streamed, at_once] = both(&file());
    assert_eq!(streamed.as_ref().map(StateDict::len), Ok(4));
    assert_eq!(streamed, at_once);
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
    fn damaged_files_are_refused_by_both_or_read_alike(
        place in 0usize..400, byte: u8, cut in 0usize..60,
    ) {
        let mut bytes = file();
        let place = place % bytes.len();
        bytes[place] = byte;
        bytes.truncate(bytes.len() - cut % 50);
        let [streamed, at_once] = both(&bytes);
        prop_assert_eq!(streamed.is_ok(), at_once.is_ok(), "{:?} {:?}", streamed, at_once);
        if let (Ok(streamed), Ok(at_once)) = (streamed, at_once) {
            // Compared by bits: a number may be no number.
            let bits = |state: StateDict| format!("{state:?}");
            prop_assert_eq!(bits(streamed), bits(at_once));
        }
    }
}
