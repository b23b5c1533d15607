//! What a stage exchanges with the other processes of its run.

use super::{Session, Stage};
use crate::{
    batch::BatchPart,
    feed::WeighedBatch,
    learner::Answered,
    together::{Failure, FailureKind, Said, tell_all},
    validation_answers::of_all_processes,
};
use anyhow::{Result, anyhow};
use network::{
    Network,
    weights::{NamedTensor, StateDict},
};
use pictures::loader::LoaderError;
use processes::Processes;
use std::mem;

impl Stage<'_> {
    /// This process's part of the batches of `step`, with its place in the whole, and whether any process is to stop.
    pub(super) fn parts(
        &mut self,
        step: Result<Vec<WeighedBatch>, LoaderError>,
    ) -> Result<(Vec<BatchPart>, bool)> {
        if self.session.processes().is_alone() {
            let batches = step.map_err(|error| self.left(error.into()))?;
            let whole = batches
                .into_iter()
                .map(|(batch, _)| BatchPart::whole(batch));
            return Ok((whole.collect(), false));
        }
        let (batches, failure) = match step {
            Ok(batches) => (batches, None),
            Err(error) => (Vec::new(), Some(failure_of(&error.into()))),
        };
        let sizes = batches
            .iter()
            .map(|(batch, weight)| (batch.len(), *weight))
            .collect();
        let said = self.tell_all(sizes, failure)?;
        let parts = batches.into_iter().enumerate();
        let parts = parts.map(|(index, (batch, weight))| {
            let of_rank = said.iter().map(|said| said.batches[index]);
            let before = of_rank.clone().take(self.session.processes().rank());
            BatchPart {
                batch,
                before: before.map(|(pictures, _)| pictures).sum(),
                all: of_rank.clone().map(|(pictures, _)| pictures).sum(),
                share: weight / of_rank.map(|(_, weight)| weight).sum::<f64>(),
            }
        });
        Ok((parts.collect(), said.iter().any(|said| said.stop)))
    }

    /// What every process says before it goes on; all stop if one has failed, or if together they have lost a class.
    fn tell_all(
        &mut self,
        batches: Vec<(usize, f64)>,
        failure: Option<Failure>,
    ) -> Result<Vec<Said>> {
        let unwritten = self.unwritten.take();
        let unwritten = unwritten.map(|error| failure_of(&error.into()));
        let Session {
            feed, interrupt, ..
        } = self.session;
        let mine = Said {
            batches,
            failure: failure.or(unwritten),
            stop: interrupt.is_asked(),
            left_out: feed.take_left_out(),
        };
        let mut said = tell_all(feed.processes(), &mine)?;
        let left_out = said
            .iter_mut()
            .flat_map(|said| mem::take(&mut said.left_out));
        let noted = feed.note_left_out(left_out.collect());
        let failures = said.iter().enumerate();
        let failed = failures
            .filter_map(|(rank, said)| Some((rank, said.failure.clone()?)))
            .next();
        match failed {
            Some((rank, failure)) => Err(self.left_by(rank, failure)),
            None => match noted {
                Ok(()) => Ok(said),
                Err(lost_class) => Err(self.session.told(lost_class.into())),
            },
        }
    }

    /// The answers of all processes in the order of the pictures; nothing if one was interrupted.
    pub(super) fn answers_of_all(
        &mut self,
        mine: Result<Vec<Answered>>,
    ) -> Result<Option<Vec<Answered>>> {
        let processes = self.session.processes().clone();
        if processes.is_alone() {
            let answered = mine.map_err(|error| self.left(error))?;
            let interrupted = self.session.interrupt.is_asked();
            return Ok((!interrupted).then_some(answered));
        }
        let (mine, failure) = match mine {
            Ok(mine) => (mine, None),
            Err(error) => (Vec::new(), Some(failure_of(&error))),
        };
        let said = self.tell_all(Vec::new(), failure)?;
        let all = processes.gather_everywhere(bytemuck::cast_slice(&mine).to_vec())?;
        self.answers = of_all_processes(&self.answers, &processes)?;
        let interrupted = said.iter().any(|said| said.stop);
        let answered = all.iter().flat_map(|all| bytemuck::pod_collect_to_vec(all));
        Ok((!interrupted).then(|| answered.collect()))
    }

    /// Gives the running statistics of rank 0 to all processes: they are those of the network that is saved.
    pub(super) fn share_statistics(&mut self) -> Result<()> {
        let processes = self.session.processes();
        if processes.is_alone() {
            return Ok(());
        }
        let network = shared_statistics(processes, self.fit.learner().network())?;
        let average = match self.fit.average() {
            Some(average) => Some(shared_statistics(processes, average.network())?),
            None => None,
        };
        self.fit.take_over(network, average);
        Ok(())
    }

    /// The end of the run after a process of rank `rank` has failed; all processes come here.
    fn left_by(&mut self, rank: usize, failure: Failure) -> anyhow::Error {
        let text = format!("rank {rank}: {}", failure.text);
        let error = match failure.kind {
            FailureKind::Picture => match self.save() {
                Ok(()) => self.stopped_at_a_picture(&text),
                Err(unsaved) => return unsaved,
            },
            FailureKind::Other => anyhow!(text),
        };
        self.session.told(error)
    }
}

/// `error` as other processes are told of it.
fn failure_of(error: &anyhow::Error) -> Failure {
    let kind = match error.downcast_ref() {
        Some(LoaderError::Picture(_)) => FailureKind::Picture,
        _ => FailureKind::Other,
    };
    let text = format!("{error:#}");
    Failure { kind, text }
}

/// The running statistics that `network` has on rank 0.
fn shared_statistics(processes: &Processes, network: &Network) -> Result<StateDict> {
    let state = network.statistics();
    let mine = state.iter().flat_map(|(_, tensor)| {
        let values = tensor.as_floats().unwrap_or_default();
        values.iter().flat_map(|value| value.to_le_bytes())
    });
    let of_first = processes.broadcast(mine.collect())?;
    let mut values = of_first
        .as_chunks()
        .0
        .iter()
        .copied()
        .map(f32::from_le_bytes);
    let mut shared = StateDict::new();
    for (name, tensor) in state.iter() {
        let count = tensor.shape.iter().product();
        let values = values.by_ref().take(count).collect();
        shared.insert(name, NamedTensor::floats(tensor.shape.clone(), values));
    }
    Ok(shared)
}
