/// A number of things: `1 picture`, `2 pictures`, `2 classes`. The plural is that of the regular rule.
pub fn counted(count: usize, thing: &str) -> String {
    let plural = match count {
        1 => "",
        _ if thing.ends_with(['s', 'x']) || thing.ends_with("tch") => "es",
        _ => "s",
    };
    format!("{count} {thing}{plural}")
}

/// Up to three of `names`, and how many more there are: `a, b, c and 37 more`.
pub fn first_three<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    match names.len().checked_sub(3) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names[..3].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_a_thing_and_all_other_numbers_are_things() {
        assert_eq!(counted(1, "epoch"), "1 epoch");
        assert_eq!(counted(0, "picture"), "0 pictures");
        assert_eq!(counted(3, "epoch"), "3 epochs");
        assert_eq!(counted(2, "class"), "2 classes");
        assert_eq!(counted(2, "batch"), "2 batches");
    }

    #[test]
    fn of_many_names_three_are_told_and_the_others_counted() {
        assert_eq!(first_three(["a", "b", "c"]), "a, b, c");
        assert_eq!(first_three(["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
        assert_eq!(first_three([] as [&str; 0]), "");
    }
}
