//! Reading a seed file in a thread of its own: what comes next is read while what came before is sealed and written.

use super::file::SeedFile;
use otpair_core::keyfile::{Item, Items, Unreadable};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::Scope;

/// How many items are handed over at once.
const ITEMS: usize = 256;
/// How many times that may wait: with it reading goes on while a batch of the cache's is written.
const PIECES: usize = 40;

/// Some items of a file, in its order.
pub(super) struct Piece {
    pub(super) items: Vec<Result<Item, Unreadable>>,
    /// How many of the file's bytes are read with them.
    pub(super) read: u64,
}

/// What is read ahead.
pub(super) struct Ahead {
    pub(super) pieces: Receiver<Piece>,
    /// Takes back what is done with. The thread that allocated it frees it: two that allocate from one arena wait for
    /// each other at every item.
    pub(super) done: Sender<Piece>,
}

/// Reads on until the file is at its end or nobody takes the pieces any more. What nobody took is wiped.
pub(super) fn read<'scope>(
    scope: &'scope Scope<'scope, '_>,
    items: Items<'scope>,
    file: &'scope SeedFile<'_>,
) -> Ahead {
    let (sender, pieces) = sync_channel(PIECES);
    let (done, spent) = channel();
    scope.spawn(move || send(items, file, &sender, &spent));
    Ahead { pieces, done }
}

fn send(
    mut items: Items<'_>,
    file: &SeedFile<'_>,
    sender: &SyncSender<Piece>,
    spent: &Receiver<Piece>,
) {
    loop {
        let items: Vec<_> = items.by_ref().take(ITEMS).collect();
        let read = file.read();
        if items.is_empty() || sender.send(Piece { items, read }).is_err() {
            return;
        }
        spent.try_iter().for_each(drop);
    }
}
