//! Stories across the crates, told through the programs as a user types them; see `tests/`.
