//! The program `explain`.

fn main() {}
