//! Commands that can be pasted into a shell.

use words::quoted;

/// `word` as it must be typed: quoted if it has characters that a shell takes for its own; of `KEY=VALUE` only the value.
pub fn word(word: &str) -> String {
    match word.split_once('=') {
        Some((key, value)) => format!("{}={}", quoted(key), quoted(value)),
        None => quoted(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_would_misread_is_quoted() {
        assert_eq!(word("configs/my-pets.toml"), "configs/my-pets.toml");
        assert_eq!(word("my pets.toml"), "'my pets.toml'");
        assert_eq!(word("seed=7"), "seed=7");
        assert_eq!(word("rate=[1e-4, 1e-2]"), "rate='[1e-4, 1e-2]'");
    }
}
