use crate::{
    batch_norm::BatchNorm,
    convolution::Convolution,
    max_pool::MaxPool,
    pass::{Pass, Relu},
};
use kernels::Synchronised;

/// The pass of a process that has no picture of a batch: its batch norms take part in what the others exchange.
pub struct Follow<'a> {
    /// The others.
    pub synchronised: &'a Synchronised,
    /// Batch norms so far.
    pub norms: usize,
}

impl Follow<'_> {
    /// One batch norm.
    pub fn norm(&mut self, norm: &mut BatchNorm) {
        norm.follow(self.synchronised);
        self.norms += 1;
    }
}

impl Pass for Follow<'_> {
    type Value = ();

    fn convolution(
        &mut self,
        _: &mut Convolution,
        norm: &mut BatchNorm,
        (): (),
        _: Option<()>,
        _: Relu,
    ) {
        self.norm(norm);
    }

    fn max_pool(&mut self, _: MaxPool, (): ()) {}
}
