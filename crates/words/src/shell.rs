/// `text` as it must be typed into a shell: quoted if it has characters that a shell takes for its own.
pub fn quoted(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_would_misread_is_quoted() {
        assert_eq!(quoted("configs/my-pets.toml"), "configs/my-pets.toml");
        assert_eq!(quoted("my pets.toml"), "'my pets.toml'");
    }
}
