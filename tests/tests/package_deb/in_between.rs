//! Whether a file was ever missing, by what the kernel tells of its folder: no moment is overlooked.

use otpair_tests::container::Container;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

/// A file that is watched.
pub struct Watched {
    name: String,
    events: OwnedFd,
}

impl Watched {
    /// Begins to watch.
    pub fn begin(server: &Container, path: &str) -> Self {
        let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        let (folder, name) = (
            Path::new(path).parent().unwrap(),
            Path::new(path).file_name(),
        );
        let flags = WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::MOVED_TO;
        inotify::add_watch(&events, server.path(folder), flags).unwrap();
        assert!(server.path(path).exists(), "{path} is missing");
        Self {
            name: name.unwrap().to_str().unwrap().to_owned(),
            events,
        }
    }

    /// Fails if the file was taken away at any moment; gives how often another one was put in its place.
    pub fn replaced(&self) -> usize {
        let mut buffer = [MaybeUninit::uninit(); 8192];
        let mut reader = inotify::Reader::new(&self.events, &mut buffer);
        let mut replaced = 0;
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::AGAIN) => return replaced,
                Err(error) => panic!("the events of {} can't be read: {error}", self.name),
            };
            let lost = event.events().contains(ReadFlags::QUEUE_OVERFLOW);
            assert!(!lost, "events of {} were lost", self.name);
            if event
                .file_name()
                .is_none_or(|name| name.to_bytes() != self.name.as_bytes())
            {
                continue;
            }
            let put = event.events().contains(ReadFlags::MOVED_TO);
            assert!(put, "{} was missing: {:?}", self.name, event.events());
            replaced += 1;
        }
    }
}
