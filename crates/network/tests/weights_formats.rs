//! Every file of `tests/fixtures/weights_formats`, sound and hostile, made by PyTorch 2.5 (`expected.json` says how).

use cap::Cap;
use network::{
    Architecture,
    weights::{NamedTensor, StateDict, TensorValues, WeightsError, layout},
};
use proptest::prelude::*;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Reading any of these files, hostile ones included, must do with this much memory; more aborts the tests. The largest
/// text that a test itself prepares takes 64 MiB.
#[global_allocator]
static ALLOCATOR: Cap<std::alloc::System> = Cap::new(std::alloc::System, 512 << 20);

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/weights_formats")
        .join(name)
}

fn expected() -> Value {
    serde_json::from_slice(&fs::read(fixture("expected.json")).unwrap()).unwrap()
}

/// Reads `bytes` as a file of a name that says nothing about its format.
fn read_bytes(bytes: &[u8]) -> Result<StateDict, WeightsError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    StateDict::read(file.path())
}

fn as_f64(values: &TensorValues) -> Vec<f64> {
    match values {
        TensorValues::F32(values) => values.iter().map(|value| f64::from(*value)).collect(),
        TensorValues::I64(values) => values.iter().map(|value| *value as f64).collect(),
    }
}

/// Compares with the sums and first values that PyTorch recorded; `rounding` is the relative error of the stored type,
/// to which reading a decimal number adds up to 1e-15.
fn assert_matches_record(state: &StateDict, rounding: f64, is_absent: impl Fn(&str) -> bool) {
    let expected = expected();
    let record = expected["state"].as_object().unwrap();
    let present = record.keys().filter(|name| !is_absent(name));
    assert_eq!(state.len(), present.clone().count());
    for name in present {
        let tensor = state
            .get(name)
            .unwrap_or_else(|| panic!("{name} was not read"));
        // The counter is a single number in torch's files, and a list of one in safetensors.
        if *name != "bn1.num_batches_tracked" {
            assert_eq!(
                serde_json::json!(tensor.shape),
                record[name]["shape"],
                "{name}"
            );
        }
        let is_integer = record[name]["dtype"] == "int64";
        assert_eq!(
            matches!(tensor.values, TensorValues::I64(_)),
            is_integer,
            "{name}"
        );
        let values = as_f64(&tensor.values);
        for (value, expected) in values
            .iter()
            .zip(record[name]["first4"].as_array().unwrap())
        {
            let expected = expected.as_f64().unwrap();
            assert!(
                (value - expected).abs() <= (rounding + 1e-15) * expected.abs(),
                "{name}: {value} is not {expected}"
            );
        }
        let sum: f64 = values.iter().sum();
        let sum_of_sizes: f64 = values.iter().map(|value| value.abs()).sum();
        // Sums in f64 of the same numbers differ by their order at most.
        let tolerance = (rounding + 1e-15 * values.len() as f64) * sum_of_sizes;
        let expected = record[name]["sum"].as_f64().unwrap();
        assert!(
            (sum - expected).abs() <= tolerance,
            "{name}: the sum {sum} is not {expected}"
        );
    }
}

#[test]
fn files_of_every_format_hold_the_recorded_tensors() {
    for name in [
        "zip.pth",
        "legacy.pth",
        "wrapped_model.pth",
        "module_prefix.pth",
        "strided.pth",
        "plain.safetensors",
    ] {
        println!("{name}");
        assert_matches_record(&StateDict::read(&fixture(name)).unwrap(), 0.0, |_| false);
    }
}

#[test]
fn a_file_without_num_batches_tracked_holds_the_other_tensors() {
    let state = StateDict::read(&fixture("zip_without_num_batches_tracked.pth")).unwrap();
    assert_matches_record(&state, 0.0, |name| name.ends_with("num_batches_tracked"));
}

#[test]
fn half_precision_is_read_as_the_rounded_f32() {
    let state = StateDict::read(&fixture("fp16.pth")).unwrap();
    // Half of the distance between neighbouring f16: 2^-11 of the value.
    assert_matches_record(&state, 2f64.powi(-11), |_| false);
    let plain = StateDict::read(&fixture("plain.safetensors")).unwrap();
    for (name, tensor) in plain.iter() {
        let Some(values) = tensor.as_floats() else {
            continue;
        };
        let rounded: Vec<f32> = values
            .iter()
            .map(|value| half::f16::from_f32(*value).to_f32())
            .collect();
        assert_eq!(
            state.get(name).unwrap().as_floats().unwrap(),
            rounded,
            "{name}"
        );
    }
}

#[test]
fn all_sound_files_of_full_precision_hold_the_same_numbers() {
    let mut plain = StateDict::read(&fixture("plain.safetensors")).unwrap();
    // A list of one in safetensors, a single number in torch's files.
    let counter = NamedTensor {
        shape: Vec::new(),
        values: TensorValues::I64(vec![17]),
    };
    plain.insert("bn1.num_batches_tracked", counter);
    for name in [
        "zip.pth",
        "legacy.pth",
        "wrapped_model.pth",
        "module_prefix.pth",
        "strided.pth",
    ] {
        assert_eq!(StateDict::read(&fixture(name)).unwrap(), plain, "{name}");
    }
}

#[test]
fn the_name_of_a_file_says_nothing() {
    for name in expected()["good"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        let bytes = fs::read(fixture(name)).unwrap();
        assert_eq!(
            read_bytes(&bytes).unwrap(),
            StateDict::read(&fixture(name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn a_pickle_that_runs_a_command_is_refused_by_its_name() {
    for name in ["broken_os_system.pth", "broken_os_system_zip.pth"] {
        let error = StateDict::read(&fixture(name)).unwrap_err();
        assert!(
            matches!(&error, WeightsError::ForbiddenObject { object, path } if object == "posix.system" && path.ends_with(name)),
            "{error}"
        );
    }
}

#[test]
fn a_command_hidden_in_a_legacy_file_is_refused_by_its_name() {
    // The state dictionary is the fourth pickle; its OrderedDict becomes a call of another function.
    let bytes = fs::read(fixture("legacy.pth")).unwrap();
    let harmless = b"ccollections\nOrderedDict\n";
    let at = bytes
        .windows(harmless.len())
        .position(|window| window == harmless)
        .unwrap();
    let hostile = [
        &bytes[..at],
        b"cposix\nsystem\n",
        &bytes[at + harmless.len()..],
    ]
    .concat();
    let error = read_bytes(&hostile).unwrap_err();
    assert!(
        matches!(&error, WeightsError::ForbiddenObject { object, .. } if object == "posix.system"),
        "{error}"
    );
}

#[test]
fn a_truncated_file_is_a_named_error() {
    let error = StateDict::read(&fixture("broken_truncated.pth")).unwrap_err();
    assert!(
        matches!(&error, WeightsError::Damaged { path, .. } if path.ends_with("broken_truncated.pth")),
        "{error}"
    );
    for name in ["zip.pth", "legacy.pth", "plain.safetensors"] {
        let bytes = fs::read(fixture(name)).unwrap();
        for length in 1..bytes.len() {
            let error = read_bytes(&bytes[..length]).unwrap_err();
            let is_named = matches!(
                error,
                WeightsError::Damaged { .. } | WeightsError::UnknownFormat { .. }
            );
            assert!(is_named, "{name} cut to {length} bytes: {error}");
        }
    }
}

#[test]
fn a_missing_running_variance_is_refused_by_its_name() {
    let state = StateDict::read(&fixture("broken_missing_tensor.pth")).unwrap();
    let network: Vec<(String, Vec<usize>)> = StateDict::read(&fixture("plain.safetensors"))
        .unwrap()
        .iter()
        .filter(|(name, _)| !name.ends_with("num_batches_tracked"))
        .map(|(name, tensor)| (name.to_owned(), tensor.shape.clone()))
        .collect();
    let error = state
        .check(&network, |name| name.starts_with("fc."))
        .unwrap_err();
    assert!(
        error.to_string().contains("missing: bn1.running_var"),
        "{error}"
    );
    assert!(
        matches!(&error, WeightsError::DoesNotFit(report) if report.missing == ["bn1.running_var"]),
        "{error}"
    );
}

#[test]
fn files_that_are_no_weights_are_told_apart() {
    assert!(matches!(read_bytes(b""), Err(WeightsError::Empty { .. })));
    let page = b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>";
    assert!(matches!(
        read_bytes(page),
        Err(WeightsError::WebPage { .. })
    ));
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 87319819\n";
    assert!(matches!(
        read_bytes(pointer),
        Err(WeightsError::LfsPointer { .. })
    ));
    assert!(matches!(
        read_bytes(&[0xa5; 5000]),
        Err(WeightsError::UnknownFormat { .. })
    ));
    assert!(matches!(
        read_bytes(b"\x80\x02}."),
        Err(WeightsError::UnknownFormat { .. })
    ));
    let absent = StateDict::read(Path::new("no/such/file.pth"));
    assert!(matches!(absent, Err(WeightsError::Read { .. })));
    assert!(matches!(
        StateDict::read(Path::new(".")),
        Err(WeightsError::Read { .. })
    ));
}

#[test]
fn a_safetensors_header_of_an_impossible_length_is_damage() {
    for length in [1_u64 << 60, u64::MAX >> 8, 200_000_000, 40] {
        let bytes = [&length.to_le_bytes()[..], b"{\"a\":1}"].concat();
        assert!(
            matches!(read_bytes(&bytes), Err(WeightsError::Damaged { .. })),
            "{length}"
        );
    }
}

#[test]
fn a_safetensors_file_without_tensors_is_an_error() {
    let bytes = StateDict::new().to_safetensors(&BTreeMap::new()).unwrap();
    assert!(matches!(
        read_bytes(&bytes),
        Err(WeightsError::NoTensors { .. })
    ));
}

/// `{"w": tensor}` in torch's zip container: a view of `shape` and `stride` on a storage of `stored` numbers.
fn zip_with_view(stored: u32, shape: &[u32], stride: &[u32]) -> Vec<u8> {
    let tuple = |numbers: &[u32]| {
        let numbers = numbers
            .iter()
            .flat_map(|number| [b"J".to_vec(), number.to_le_bytes().to_vec()].concat());
        [b"(".to_vec(), numbers.collect(), b"t".to_vec()].concat()
    };
    let text = |text: &str| {
        [
            b"X".to_vec(),
            (text.len() as u32).to_le_bytes().to_vec(),
            text.into(),
        ]
        .concat()
    };
    let pickle = [
        b"\x80\x02}".to_vec(),
        text("w"),
        b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec(),
        text("storage"),
        b"ctorch\nFloatStorage\n".to_vec(),
        text("0"),
        text("cpu"),
        [b"J".to_vec(), stored.to_le_bytes().to_vec()].concat(),
        b"tQK\x00".to_vec(),
        tuple(shape),
        tuple(stride),
        b"\x89ccollections\nOrderedDict\n)RtRs.".to_vec(),
    ]
    .concat();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored_only =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    archive.start_file("archive/data.pkl", stored_only).unwrap();
    archive.write_all(&pickle).unwrap();
    archive.start_file("archive/data/0", stored_only).unwrap();
    archive.write_all(&vec![0; stored as usize * 4]).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_tensor_that_repeats_one_number_without_end_is_refused_before_memory_is_taken() {
    let sound = read_bytes(&zip_with_view(6, &[2, 3], &[3, 1])).unwrap();
    assert_eq!(
        sound.get("w"),
        Some(&NamedTensor::floats([2, 3], vec![0.0; 6]))
    );
    // 8 GB from four bytes: within the library's limit of 10 GiB for one tensor.
    let error = read_bytes(&zip_with_view(1, &[2_000_000_000], &[0])).unwrap_err();
    assert!(matches!(error, WeightsError::TooLarge { .. }), "{error}");
    let error = read_bytes(&zip_with_view(4, &[2, 3], &[3, 1])).unwrap_err();
    assert!(matches!(error, WeightsError::Damaged { .. }), "{error}");
}

/// A zip file as torch writes it, with this pickle, compressed.
fn zip_with_pickle(pickle: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("archive/data.pkl", options).unwrap();
    archive.write_all(pickle).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_pickle_that_doubles_itself_is_refused() {
    // A tuple of two references to the tuple before, thirty times.
    let doubling = [b'h', 0, b'h', 0, 0x86, b'q', 0].repeat(30);
    let bytes = zip_with_pickle(&[b"\x80\x02]q\x00".to_vec(), doubling, b".".to_vec()].concat());
    assert!(matches!(
        read_bytes(&bytes),
        Err(WeightsError::Damaged { .. })
    ));
}

#[test]
fn a_small_zip_that_unpacks_to_a_huge_pickle_is_refused() {
    let text = [b"\x80\x02X\x00\x00\x00\x04".to_vec(), vec![b'a'; 64 << 20]].concat();
    let bytes = zip_with_pickle(&text);
    assert!(bytes.len() < 1 << 20);
    assert!(matches!(
        read_bytes(&bytes),
        Err(WeightsError::TooLarge { .. })
    ));
    // Eight million objects of one byte each: more than a gigabyte once unpickled.
    let objects = [b"\x80\x02".to_vec(), vec![b'N'; 8 << 20], b".".to_vec()].concat();
    assert!(matches!(
        read_bytes(&zip_with_pickle(&objects)),
        Err(WeightsError::Damaged { .. })
    ));
}

#[test]
fn unsupported_element_types_are_refused_by_the_tensors_name() {
    let header = br#"{"conv1.weight":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#;
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header, b"\0"].concat();
    let error = read_bytes(&bytes).unwrap_err();
    assert!(
        matches!(&error, WeightsError::ElementType { name, .. } if name == "conv1.weight"),
        "{error}"
    );
}

#[test]
fn what_is_written_is_read_back_also_by_the_safetensors_library() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("weights.bin");
    let state = StateDict::read(&fixture("zip.pth")).unwrap();
    let metadata = BTreeMap::from([("architecture".to_owned(), "resnet34 \"quoted\"".to_owned())]);
    state.write_safetensors(&path, &metadata).unwrap();
    assert_eq!(StateDict::read(&path).unwrap(), state);

    let bytes = fs::read(&path).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(
        header.metadata().as_ref().unwrap()["architecture"],
        "resnet34 \"quoted\""
    );
    let library = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(library.len(), state.len());
    assert_eq!(library.tensor("fc.weight").unwrap().shape(), [5, 4]);
}

#[test]
fn a_written_file_replaces_the_old_one_whole_and_leaves_nothing_else() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("weights.safetensors");
    fs::write(&path, b"an older file").unwrap();
    let state = StateDict::read(&fixture("plain.safetensors")).unwrap();
    state.write_safetensors(&path, &BTreeMap::new()).unwrap();
    assert_eq!(StateDict::read(&path).unwrap(), state);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn writing_where_nothing_can_be_written_is_a_named_error() {
    let folder = TempDir::new().unwrap();
    let state = StateDict::read(&fixture("plain.safetensors")).unwrap();
    let path = folder.path().join("no/such/folder/w.safetensors");
    let error = state
        .write_safetensors(&path, &BTreeMap::new())
        .unwrap_err();
    assert!(
        matches!(&error, WeightsError::Write { path: named, .. } if *named == path),
        "{error}"
    );
    let wrong: StateDict = [("fc.bias".to_owned(), NamedTensor::floats([3], vec![1.0]))]
        .into_iter()
        .collect();
    let error = wrong
        .write_safetensors(&folder.path().join("w"), &BTreeMap::new())
        .unwrap_err();
    assert!(
        matches!(&error, WeightsError::WrongLength { name, .. } if name == "fc.bias"),
        "{error}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn tensor() -> impl Strategy<Value = NamedTensor> {
    let shape = prop::collection::vec(0_usize..4, 0..4);
    shape.prop_flat_map(|shape| {
        let count: usize = shape.iter().product();
        let floats = prop::collection::vec(-1e30_f32..1e30, count).prop_map(TensorValues::F32);
        let integers = prop::collection::vec(any::<i64>(), count).prop_map(TensorValues::I64);
        let values = prop_oneof![floats, integers];
        values.prop_map(move |values| NamedTensor {
            shape: shape.clone(),
            values,
        })
    })
}

fn state() -> impl Strategy<Value = StateDict> {
    let names = prop_oneof!["[a-z0-9]{1,8}(\\.[a-z0-9]{1,8}){0,3}", "\\PC{1,12}"].prop_filter(
        "a name of the format, or a wrapper",
        |name| {
            let wrappers = [
                "model",
                "module",
                "state_dict",
                "model_state_dict",
                "__metadata__",
            ];
            !wrappers.iter().any(|wrapper| name.starts_with(wrapper))
        },
    );
    prop::collection::vec((names, tensor()), 1..8).prop_map(StateDict::from_iter)
}

/// Any of the sound files with up to eight bytes changed, and perhaps cut.
fn mutated_file() -> impl Strategy<Value = Vec<u8>> {
    const FILES: [&str; 5] = [
        "zip.pth",
        "legacy.pth",
        "fp16.pth",
        "wrapped_model.pth",
        "plain.safetensors",
    ];
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8);
    let cut = prop::option::weighted(0.2, any::<prop::sample::Index>());
    (prop::sample::select(&FILES[..]), changes, cut).prop_map(|(name, changes, cut)| {
        let mut bytes = fs::read(fixture(name)).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes
    })
}

/// Whatever was read takes memory in proportion to the file.
fn assert_in_proportion(state: &StateDict, file_length: usize) {
    let values: usize = state.iter().map(|(_, tensor)| tensor.values.len()).sum();
    // Four times the file's length in bytes, of which each becomes eight at most (u8 to i64).
    assert!(
        values * 8 <= file_length * 4 * 8,
        "{values} values from {file_length} bytes"
    );
    for (name, tensor) in state.iter() {
        assert_eq!(
            tensor.shape.iter().product::<usize>(),
            tensor.values.len(),
            "{name}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_state_survives_writing_and_reading(state in state()) {
        let bytes = state.to_safetensors(&BTreeMap::new()).unwrap();
        prop_assert_eq!(read_bytes(&bytes).unwrap(), state);
    }

    #[test]
    fn random_bytes_never_panic(
        start in prop::sample::select(vec![&b""[..], b"PK\x03\x04", b"\x80\x02", b"\x08\0\0\0\0\0\0\0{"]),
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let bytes = [start, &bytes].concat();
        if let Ok(state) = read_bytes(&bytes) {
            assert_in_proportion(&state, bytes.len());
        }
    }

    #[test]
    fn tensors_of_any_names_are_renamed_without_a_panic(state in state()) {
        for architecture in [Architecture::ResNet18, Architecture::Vgg16Bn] {
            if let Ok(canonical) = layout::to_canonical(state.clone(), architecture) {
                prop_assert!(canonical.len() <= state.len());
                let _ = layout::to_fastai(canonical.clone(), architecture);
                let _ = layout::to_torchvision(canonical, architecture);
            }
        }
    }

    #[test]
    fn mutated_files_never_panic(bytes in mutated_file()) {
        if let Ok(state) = read_bytes(&bytes) {
            assert_in_proportion(&state, bytes.len());
        }
    }
}
