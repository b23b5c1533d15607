/// Wrappers that training programs put around a state dictionary: `{"model": …, "opt": …}` (fastai),
/// `{"state_dict": …, "epoch": …}` (PyTorch's examples), and `DataParallel`, which puts `module.` before every name.
const WRAPPERS: [&str; 4] = ["state_dict.", "model_state_dict.", "model.", "module."];

/// The part of a name that wrappers put before the names of the state dictionary itself: `model.` for `{"model": …}`.
/// Tensors without it (an optimizer's state, say) do not belong to the network.
pub(super) fn prefix<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    let mut prefix = String::new();
    while let Some(wrapper) = WRAPPERS
        .iter()
        .find(|wrapper| names.iter().any(|name| name.starts_with(**wrapper)))
    {
        names = names
            .iter()
            .filter_map(|name| name.strip_prefix(wrapper))
            .collect();
        prefix += wrapper;
    }
    prefix
}

#[cfg(test)]
mod tests {
    use super::prefix;

    #[test]
    fn wrappers_within_wrappers_are_found() {
        let names = [
            "state_dict.module.conv1.weight",
            "state_dict.module.fc.bias",
            "optimizer.state.0.exp_avg",
        ];
        assert_eq!(prefix(names.into_iter()), "state_dict.module.");
    }

    #[test]
    fn a_plain_state_dict_has_no_prefix() {
        assert_eq!(
            prefix(["conv1.weight", "modules.weight", "fc.bias"].into_iter()),
            ""
        );
    }
}
