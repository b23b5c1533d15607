//! What processes do together, tried with threads.

use processes::{BackgroundSums, Lost, Processes, threads};
use proptest::prelude::*;
use std::thread;

/// What `work` returns on each of `count` processes.
fn on_each<R: Send>(count: usize, work: impl Fn(Processes) -> R + Sync) -> Vec<R> {
    let work = &work;
    thread::scope(|scope| {
        let all: Vec<_> = threads(count)
            .into_iter()
            .map(|processes| scope.spawn(move || work(processes)))
            .collect();
        all.into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    })
}

#[test]
fn sums_are_added_in_the_order_of_the_ranks() {
    // (1e8 + 1) + -1e8 is 0 in f32, any other order gives 1.
    let addends = [1e8_f32, 1.0, -1e8];
    let sums = on_each(3, |processes| {
        let mut values = vec![addends[processes.rank()]; 5];
        processes.sum(&mut values).map(|()| values)
    });
    assert_eq!(sums, vec![Ok(vec![0.0; 5]); 3]);
}

#[test]
fn a_sum_sends_two_n_minus_one_nths_of_its_bytes() {
    let sent = on_each(4, |processes| {
        processes
            .sum(&mut vec![0_f32; 1000])
            .map(|()| processes.bytes_sent())
    });
    assert_eq!(sent, vec![Ok(2 * 3 * 1000); 4]);
}

#[test]
fn what_the_first_gives_comes_to_all_and_what_all_give_to_the_first() {
    let received = on_each(3, |processes| {
        let rank = processes.rank() as u8;
        let broadcast = processes.broadcast(vec![rank + 7; 2])?;
        Ok::<_, Lost>((broadcast, processes.gather(vec![rank; rank.into()])?))
    });
    let gathered = Some(vec![vec![], vec![1], vec![2, 2]]);
    let of_first = Ok((vec![7, 7], gathered));
    let of_others = Ok((vec![7, 7], None));
    assert_eq!(received, [of_first, of_others.clone(), of_others]);
}

/// The first asks for sums before it does anything else, the second afterwards: whoever waited for the one within the other would
/// wait for ever.
#[test]
fn sums_in_the_background_wait_for_nothing_else_and_keep_their_order() {
    let results = on_each(2, |processes| {
        let sums = BackgroundSums::over(&processes);
        let ask = || {
            for number in 1..4 {
                sums.begin(vec![number as f32; number]);
            }
        };
        if processes.is_first() {
            ask();
        }
        let told = processes.gather_everywhere(vec![processes.rank() as u8; 3])?;
        if !processes.is_first() {
            ask();
        }
        let sums = [sums.next()?, sums.next()?, sums.next()?];
        Ok::<_, Lost>((told, sums, processes.bytes_sent()))
    });
    let told = vec![vec![0; 3], vec![1; 3]];
    let sums = [vec![2.0], vec![4.0; 2], vec![6.0; 3]];
    for (rank, result) in results.into_iter().enumerate() {
        let (found, summed, sent) = result.unwrap();
        assert_eq!((found, summed), (told.clone(), sums.clone()), "rank {rank}");
        // Three bytes, and of each sum those numbers that the other adds up, and those that it has added up itself.
        assert_eq!(sent, 3 + 4 * 6);
    }
}

#[test]
fn a_process_that_ends_is_lost_to_sums_in_the_background() {
    let results = on_each(2, |processes| {
        let sums = BackgroundSums::over(&processes);
        if processes.rank() == 1 {
            return Ok(Vec::new());
        }
        sums.begin(vec![1.0]);
        sums.next()
    });
    let lost = Err(Lost("the one of rank 1 has ended".into()));
    assert_eq!(results, [lost, Ok(Vec::new())]);
}

#[test]
fn a_process_that_ends_is_lost_to_the_others() {
    let results = on_each(3, |processes| match processes.rank() {
        1 => Ok(()),
        _ => processes.sum(&mut [1.0_f32]),
    });
    let lost = Err(Lost("the one of rank 1 has ended".into()));
    assert_eq!(results, [lost.clone(), Ok(()), lost]);
}

#[test]
fn a_process_alone_changes_and_sends_nothing() {
    let alone = Processes::alone();
    let mut values = [0.1_f32, 0.2];
    assert_eq!(alone.sum(&mut values), Ok(()));
    assert_eq!((values, alone.bytes_sent()), ([0.1, 0.2], 0));
    assert_eq!(alone.gather(vec![3]), Ok(Some(vec![vec![3]])));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn shares_are_everything_once_and_differ_by_one(length in 0_usize..200, count in 1_usize..9) {
        let shares: Vec<_> = threads(count).iter().map(|one| one.share(length)).collect();
        let all: Vec<usize> = shares.iter().cloned().flatten().collect();
        prop_assert_eq!(all, (0..length).collect::<Vec<_>>());
        let lengths = shares.iter().map(ExactSizeIterator::len);
        prop_assert!(lengths.clone().max().unwrap() - lengths.min().unwrap() <= 1);
    }

    #[test]
    fn every_process_gets_the_same_bits(
        values in prop::collection::vec(prop::collection::vec(-1e3_f32..1e3, 7), 1..5),
    ) {
        let sums = on_each(values.len(), |processes| {
            let mut mine = values[processes.rank()].clone();
            processes.sum(&mut mine).map(|()| mine)
        });
        let mut expected = values[0].clone();
        for addend in &values[1..] {
            expected.iter_mut().zip(addend).for_each(|(sum, value)| *sum += value);
        }
        prop_assert_eq!(sums, vec![Ok(expected); values.len()]);
    }
}
