//! Splits against those of numpy and fastai 1.0.30: `tests/fixtures/fastai/08_split`, all of it, bit for bit.

use std::path::PathBuf;

use pictures::folder::{classes, label_of_file_name};
use rand_mt::Mt;
use serde_json::Value;
use sha2::{Digest, Sha256};
use split::random_split;

fn golden(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/fastai/08_split")
        .join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("the fixture is JSON")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key]
        .as_array()
        .unwrap_or_else(|| panic!("the fixture has no list {key}"))
}

fn numbers(value: &Value, key: &str) -> Vec<usize> {
    list(value, key)
        .iter()
        .map(|number| number.as_u64().expect("a whole number") as usize)
        .collect()
}

fn number(value: &Value, key: &str) -> usize {
    value[key]
        .as_u64()
        .unwrap_or_else(|| panic!("the fixture has no number {key}")) as usize
}

/// All `count` that `split.json` has under `key`.
fn recorded(key: &str, count: usize) -> Vec<Value> {
    let recorded = list(&golden("split.json"), key).clone();
    assert_eq!(recorded.len(), count);
    recorded
}

/// SHA-256 of the indices as 64 bit little endian, in hexadecimal digits.
fn digest(indices: &[usize]) -> String {
    let bytes: Vec<u8> = indices
        .iter()
        .flat_map(|&index| (index as u64).to_le_bytes())
        .collect();
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn random_splits_are_fastais() {
    for expected in &recorded("splits", 4) {
        let (count, seed) = (number(expected, "n"), number(expected, "seed") as u32);
        let fraction = expected["pct"].as_f64().expect("a fraction");
        let split = random_split(count, fraction, seed).expect("a fraction between 0 and 1");
        let first = |indices: &[usize]| indices[..indices.len().min(20)].to_vec();

        assert_eq!(
            split.valid.len(),
            number(expected, "valid_count"),
            "n = {count}"
        );
        assert_eq!(
            split.train.len(),
            number(expected, "train_count"),
            "n = {count}"
        );
        assert_eq!(
            first(&split.valid),
            numbers(expected, "valid_first_20_in_order"),
            "n = {count}"
        );
        assert_eq!(
            first(&split.train),
            numbers(expected, "train_first_20"),
            "n = {count}"
        );
        assert_eq!(
            split.valid.last(),
            Some(&number(expected, "valid_last_in_order")),
            "n = {count}"
        );
        if expected.get("valid_in_order").is_some() {
            assert_eq!(
                split.valid,
                numbers(expected, "valid_in_order"),
                "n = {count}"
            );
        }
        assert_eq!(
            Value::from(digest(&split.valid)),
            expected["in_order_valid_sha256_u64_le"],
            "n = {count}"
        );
        let mut sorted = split.valid.clone();
        sorted.sort_unstable();
        assert_eq!(
            Value::from(digest(&sorted)),
            expected["sorted_valid_sha256_u64_le"],
            "n = {count}"
        );
    }
}

/// A fraction just below 1 leaves `n - 1` validation pictures: the whole permutation but its last item, which is the one
/// that trains.
#[test]
fn permutations_are_numpys() {
    for expected in &recorded("permutations", 10) {
        let (count, seed) = (number(expected, "n"), number(expected, "seed") as u32);
        let split =
            random_split(count, 1.0 - f64::EPSILON, seed).expect("a fraction between 0 and 1");
        let permutation: Vec<usize> = split.valid.into_iter().chain(split.train).collect();
        assert_eq!(
            permutation,
            numbers(expected, "permutation"),
            "seed {seed}, n = {count}"
        );
    }
}

/// The library that the split draws from, past the refill of its state after 624 numbers.
#[test]
fn the_generator_gives_numpys_numbers() {
    let golden = golden("split.json");
    for expected in list(&golden, "mt19937") {
        let mut twister = Mt::new(number(expected, "seed") as u32);
        for (position, value) in numbers(expected, "u32").into_iter().enumerate() {
            assert_eq!(
                twister.next_u32() as usize,
                value,
                "number {position} of seed {}",
                expected["seed"]
            );
        }
    }
}

#[test]
fn classes_are_in_fastais_order() {
    let golden = golden("pipeline.json");
    let expected: Vec<&str> = list(&golden, "classes")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(expected.len(), 5);
    let mut names: Vec<String> = expected
        .iter()
        .map(|class| format!("{class}_1.jpg"))
        .collect();
    names.extend(expected.iter().map(|class| format!("{class}_12.jpg")));
    names.reverse();
    assert_eq!(
        classes(names.iter().filter_map(|name| label_of_file_name(name))),
        expected
    );
}
