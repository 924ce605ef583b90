//! Output on ranks of its own: the model's ranks send their parts of fields, servers make fields of them and write.
//!
//! ```
//! use std::sync::Arc;
//! use terrella_coupling::communicator::Communicator;
//! use terrella_io::layout::Layout;
//! use terrella_io::plan::{Metadata, Points};
//! use terrella_io::transport::{Client, OutputServer, Role, Settings};
//!
//! # let folder = tempfile::tempdir()?;
//! let plans = "
//! plans:
//!   - name: archive
//!     actions:
//!       - {type: transport, target: server}
//!       - {type: aggregate}
//!       - {type: encode, format: grib}
//!       - {type: sink, sinks: [{type: file, path: '[step].grib2', whole: true}]}
//! ";
//! let settings = Settings::in_folder(folder.path().join("transport"));
//! let results = Communicator::threads(3, |all| match Role::of(&all, 1)? {
//!     Role::Model { ranks, link } => {
//!         let mut output = Client::start(&link, plans, folder.path(), &settings)?;
//!         let layout = Layout::global_lat_lon(8, 6);
//!         let half = Points::From(24 * ranks.rank());
//!         for step in 1..=3 {
//!             let metadata = Metadata::new().with("name", "t").with("levtype", "pl").with("level", 500);
//!             let metadata = metadata.with("startDate", 20_260_101).with("startTime", 0);
//!             let metadata = metadata.with("step", step).with("timeStep", 3600);
//!             output.write_part(metadata, &layout, &half, &[280.0; 24])?;
//!             output.end_step()?;
//!         }
//!         output.finish()
//!     }
//!     Role::Server(link) => OutputServer::start(&link, plans, folder.path(), &settings)?.serve(),
//! });
//! results.into_iter().collect::<Result<Vec<_>, _>>()?;
//! assert!(folder.path().join("3.grib2").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Who does what
//!
//! [`Role::of`] makes servers of the last ranks. All ranks read the same plans ([`crate::plan`]): a rank of the model does the actions
//! before `transport`, a server those behind it; plans without it are the model rank's own. A [`Client`] sends whole fields, or parts: own
//! points of a distributed field, whose places a server is told once. Fields are dealt to servers by what they are, so that all parts of
//! one meet, and `aggregate` makes a field of them. Without servers the same plans run in the rank itself.
//!
//! Where ranks share fields, [`Client::write_own_points`] is for the plans that have `aggregate` behind `transport`, on all ranks. What
//! other plans are to have, the first rank gathers, if it wants them ([`Client::takes_gathered`], [`Client::write_gathered`]).
//!
//! ```text
//! model's thread                 plan's thread                          server's main thread      plan's thread
//! write_field ──copy──► queue ──► actions, transport ──► letters ──post──► receive ──► queue ──► aggregate, encode, sink
//!                        │                                │    ◄──taken──────┘                        │ flushed
//!                        └──► disk                        │    ◄──written: step─────────────────────────┘
//!                                                         └──► log
//! ```
//!
//! MPI is for one thread of a process, and a [`Communicator`] stays on it. So the plans' threads only make letters; the model's thread posts
//! them, and takes answers, in every call of the [`Client`], of which [`Client::progress`] does nothing else. A model that is silent
//! for long lets letters wait. No call waits for a server but [`Client::flush`], [`Client::wait_for_room`] and [`Client::finish`]. A server's main
//! thread receives and answers; plans, disks and consumers have the threads of a [`Server`](crate::server::Server).
//!
//! # Room
//!
//! Both ends are [servers with queues](crate::server), of half of [`Settings::memory`] each; the other half is the letters'. A rank has at
//! most so many bytes on their way to a server that this has room for those of all ranks. A server that has no room for a message
//! takes no more of that plan; then letters wait, messages wait, and of a lossless plan they go to the disk, while a best-effort plan drops the
//! oldest whole steps, and tells in order, in a [`Gap`](crate::plan::Gap), what is missing. Best-effort plans take whole fields: ranks
//! that drop parts of different steps would leave no field whole (`aggregate` is refused in them).
//!
//! # When a server is lost
//!
//! [`Client::end_step`] says that a step is complete. When all ranks have said so, the server flushes its plans, writes down in
//! [`Settings::folder`] how far it has come and what its plans remember, and tells the ranks; what follows on a rank waits until the others
//! have come as far. Until then they keep a lossless plan's letters, in memory or where that is full in a log in the same folder. A server is lost when it says that it failed, when its thread
//! has ended, or when it owed an answer for [`Settings::patience`] and sent nothing, not even that it lives (which it does four
//! times in that time). Then all its letters since the last written step, and all to come, go to the log; the first rank says so in a line
//! on standard error, and so does [`Error::ServerLost`](crate::Error::ServerLost) from the next [`Client::flush`] and from [`Client::finish`].
//! [`replay`] takes the logs of all ranks through the plans, from the step on that was not written, with what the plans
//! remembered then: nothing is missing and nothing comes twice. Plans of which a part was written are continued by it under the
//! conditions of [`Plans::continue_yaml_in`](crate::plan::Plans::continue_yaml_in): sinks `netcdf`, `zarr`, and `file` with `whole: true`.
//! Under MPI a process that is killed takes the whole job along, unless the launcher is told to let the others go on (Open MPI:
//! `--enable-recovery`); then MPI cannot be ended orderly, which would wait for it: [`Communicator::abort`] ends such a job. A server that is
//! given up ends when it hears of it.
//!
//! # Volume
//!
//! A rank sends, in bytes, of each message 26 + M + 8 n for n values, with M = Σ (25 + key + value) over its metadata (numbers 8, flags 1, texts
//! their length); of each domain, once for each plan and server that gets a field on it, 34 + 32 per ring, 8 more for points one
//! after the other and 8 + 8 n for a list; for each plan and server 9 in each step and 9 at the end. A server sends at most 17 for
//! each letter, 18 for each step, plan and rank, 9 to each rank at the end, and 1 now and then; to the first rank besides, when it asks with
//! 9, what a plan remembers (18 and its bytes), 49 and its name for each file that is whole, and the metrics at the end.
//! [`Communicator::traffic`] counts them as letters.
//!
//! # Order
//!
//! A server has the messages of one rank in order. Fields that all ranks have parts of, and write in the same order, are
//! complete in that order, so that files have the same bytes on any number of ranks. Fields of which different ranks are the last come in
//! any order: those of one file should be written by one rank then, or each have a file of its own. With several servers, all
//! fields of a file must go to one: the keys that decide (`hash-keys`) must be in its path, which is checked.
//!
//! # Checkpoints
//!
//! [`Client::state`] has what the plans remember on its rank and, on the first rank, on all servers, which is sent for that alone.
//! [`join_states`] makes one state of those of all ranks, [`state_for_rank`] parts it again. [`Client::resume`] goes on from the rank's own,
//! [`OutputServer::resume`] from the first rank's, with as many ranks and servers; where nothing is remembered, with any number. Besides
//! the errors of a start they have those of [`Plans::continue_yaml_in`](crate::plan::Plans::continue_yaml_in) and
//! [`Plans::restore`](crate::plan::Plans::restore), and [`Error::OtherPlan`](crate::Error::OtherPlan) where plans remember something of
//! another number of servers.

mod client;
mod journal;
mod letter;
mod replay;
mod role;
mod server;
mod settings;
mod state;
mod stream;
mod written;

pub use client::Client;
pub use replay::{PLANS, Replayed, replay};
pub use role::{Link, Role};
pub use server::OutputServer;
pub use settings::Settings;
pub use state::{join_states, state_for_rank, state_of_rank};

#[allow(unused_imports, reason = "for the documentation")]
use terrella_coupling::communicator::Communicator;
