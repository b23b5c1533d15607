/// Layers that learn at one rate: fastai's layer group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Name in files: `late_body`.
    pub name: &'static str,
    /// Layers in words: `layer3 and layer4`.
    pub layers: &'static str,
}

/// Properties that all bodies of a family share. The family's own file under `body/` declares them.
#[derive(Debug)]
pub struct Family {
    /// Groups of layers from the first layer on, the head last, as fastai 1.0.30 cuts them.
    pub groups: &'static [Group],
    /// Pixels along a side of the picture for each cell along a side of the feature map.
    pub stride: usize,
    /// Children of torchvision's module that make up the body, each after its place in fastai's `nn.Sequential`.
    pub children: &'static [(&'static str, &'static str)],
    /// Names of tensors that every body of the family has, by any of which it is known: one of [`Self::children`], and the
    /// rest of the name.
    pub marks: &'static [(&'static str, &'static str)],
    /// Child of torchvision's module that makes logits.
    pub head: &'static str,
    /// Parts of the names of tensors, in the order in which torch lists them.
    pub order: &'static [&'static str],
    /// Published files, each named as torchvision names it: the last eight digits begin the file's SHA-256.
    pub files: &'static [&'static str],
}

/// One body of a family: the numbers that tell it from its relatives. All paths are of struct fields below the body.
pub trait Plan {
    /// Properties of its family.
    fn family(&self) -> &'static Family;

    /// Channels of the feature map.
    fn feature_channels(&self, base_width: usize) -> usize;

    /// Cells along a side of the feature map of a square picture.
    fn cells(&self, pixels: usize) -> usize;

    /// torchvision's name of the tensor at `path`.
    fn torch_name(&self, path: &[&str]) -> String;

    /// Index in [`Family::groups`] of the tensor at `path`.
    fn group(&self, path: &[&str]) -> usize;

    /// Name of the stage that the tensor at `path` belongs to; `stem` before the first.
    fn stage(&self, path: &[&str]) -> &'static str;
}
