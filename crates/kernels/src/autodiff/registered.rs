//! The set of nodes that have got a gradient from an operation of this crate.
//!
//! burn adds up the gradients a node gets from several operations with its general addition, which is
//! slow on channels-last tensors and gives back another order. An operation that knows that its input
//! has a gradient already takes that one and adds its own while computing it.

use std::cell::RefCell;
use std::collections::HashSet;

use burn::backend::autodiff::NodeId;

/// Node numbers are never used twice, so old ones do no harm; beyond so many they are forgotten, and
/// at worst one sum is made by burn.
const CAPACITY: usize = 4096;

thread_local! {
    // A backward pass runs on one thread from end to end.
    static REGISTERED: RefCell<HashSet<NodeId>> = RefCell::new(HashSet::new());
}

/// Notes that the node has a gradient. Leaves (order 0) are left out: burn hands out copies of theirs.
pub(super) fn insert(node: NodeId, order: usize) {
    if order > 0 {
        REGISTERED.with_borrow_mut(|nodes| {
            if nodes.len() >= CAPACITY {
                nodes.clear();
            }
            nodes.insert(node);
        });
    }
}

/// Forgets the node; returns whether it had a gradient, which the caller takes now.
pub(super) fn take(node: NodeId) -> bool {
    REGISTERED.with_borrow_mut(|nodes| nodes.remove(&node))
}
