//! Halos: copies of what neighbours own, around what a rank owns, filled and, in the adjoint, given back.
//!
//! ```text
//!            rank a                                     rank b
//!  own ┌───────────┬────────┐ halo          halo ┌────────┬───────────┐ own
//!      │ interior  │ border ├── x ═════════════► │  x     │           │      x_h ← x_o(h)
//!      │           │   +=   │ ◄═════════════ x̂ ──┤  ← 0   │           │      x̂_o(h) += x̂_h, x̂_h ← 0   (adjoint)
//!      └───────────┴────────┘                    └────────┴───────────┘
//! ```
//!
//! One plan, [`Halo`], serves them all:
//!
//! | entities                                       | who is near               | made by           | fields              |
//! |-------------------------------------------------|---------------------------|-------------------|---------------------|
//! | cells of a plane, periodic or not              | a rectangle, with corners | [`CartesianHalo`] | `[level][y][x]`       |
//! | cells, edges or nodes of a mesh                | neighbours of neighbours  | [`MeshHalo`]      | `[entity][level]`     |
//! | points of a grid of rings, in regions or bands | rings, and points of them | [`GridHalo`]      | `[level][point]`      |
//! | anything that has numbers                      | what is asked for         | [`Halo::of_entities`] | `[entity][level]` |
//!
//! While parcels are under way ([`Halo::start`], [`HaloInFlight::finish`]) a rank computes what needs no halo, its interior.
//!
//! # Volume
//!
//! Rank a sends in one exchange of fields with W levels altogether, of numbers of s bytes, s W Σ_{b≠a} h_ba bytes, where h_ba is
//! the number of halo places of b whose entities are a's, in a message for each b with h_ba > 0. Its adjoint sends s W Σ_{b≠a} h_ab.
//! For square blocks of n × n cells in the midst of others with a halo of depth d ≤ n that is s W · 4 d (n + d).
//!
//! Making a plan takes memory for own entities and halo and a few numbers for each rank. Who has a cell or a point is computed; the
//! owners of a mesh's entities are asked of a [`Directory`]. Then each rank asks owners for what it wants, 8 bytes for each halo place.
//!
//! # Order
//!
//! What comes is copied in no order that matters. In the adjoint, values from ranks are added in the order of ranks, and from one rank in that of
//! its halo, whenever they come: the result depends on the decomposition, in its last bits, and on nothing else.

mod cartesian;
mod directory;
mod entities;
mod grid;
mod mesh;

use std::cell::Cell;
use std::rc::Rc;

use bytemuck::Pod;
use terrella_kernels::Real;

pub use self::cartesian::CartesianHalo;
pub use self::directory::Directory;
pub use self::grid::{GridHalo, LocalSegment};
pub use self::mesh::MeshHalo;
use crate::communicator::{Communicator, Exchange, InFlight};
use crate::{Error, Result};

/// Which index of a field runs fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `[place][level]`, as on meshes.
    LevelsInnermost,
    /// `[level][place]`, as on grids of rings and of a plane.
    LevelsOutermost,
}

/// Places by rank.
type Places = Vec<(usize, Vec<u32>)>;

/// Which places of a local array are copies of which of other ranks, or of this one.
#[derive(Debug)]
struct Lists {
    places: usize,
    order: Order,
    /// Those that are copied, by the rank that wants them.
    own: Places,
    /// Those that are copies, by the rank that owns them.
    halo: Places,
}

/// A plan to fill a halo, as often as wished; for numbers of type T.
///
/// A field is an array of all places of a rank, its own and its halo's, with any number of levels, in the order of [`Halo::order`]. Several fields with
/// levels of their own go in one message. Memory for parcels is kept: from the second exchange of as many levels on, none is allocated for values.
///
/// ```
/// use terrella_coupling::communicator::Communicator;
/// use terrella_coupling::halo::Halo;
///
/// // Six entities in a ring, two on each of three ranks, each with its neighbours on both sides.
/// let fields = Communicator::threads(3, |ranks| {
///     let first = 2 * ranks.rank() as u64;
///     let halo = Halo::of_entities(&ranks, 6, &[first, first + 1], &[(first + 5) % 6, (first + 2) % 6])?;
///     let mut field = [first as f64, first as f64 + 1.0, 0.0, 0.0];
///     let under_way = halo.start(&[&field])?;
///     // Time to compute.
///     under_way.finish(&mut [&mut field])?;
///     Ok::<_, terrella_coupling::Error>(field)
/// });
/// let fields = fields.into_iter().collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(fields, [[0.0, 1.0, 5.0, 2.0], [2.0, 3.0, 1.0, 4.0], [4.0, 5.0, 3.0, 0.0]]);
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
pub struct Halo<T: Pod> {
    communicator: Communicator,
    lists: Rc<Lists>,
    /// Nothing while they are under way.
    forward: Cell<Option<Exchange<T>>>,
    backward: Cell<Option<Exchange<T>>>,
    /// Memory for the levels of the fields that are under way.
    levels: Cell<Vec<usize>>,
}

fn units(places: &Places) -> Vec<(usize, usize)> {
    places.iter().map(|(rank, places)| (*rank, places.len())).collect()
}

impl<T: Pod> Halo<T> {
    fn of_lists(communicator: &Communicator, lists: Rc<Lists>) -> Result<Self> {
        let (own, halo) = (units(&lists.own), units(&lists.halo));
        let forward = Cell::new(Some(communicator.exchange(&own, &halo)?));
        let backward = Cell::new(Some(communicator.exchange(&halo, &own)?));
        Ok(Self { communicator: communicator.clone(), lists, forward, backward, levels: Cell::default() })
    }

    /// The same plan for numbers of another type. All ranks make it together.
    pub fn of_type<U: Pod>(&self) -> Result<Halo<U>> {
        Halo::of_lists(&self.communicator, self.lists.clone())
    }

    /// Number of places of a field, own and halo.
    pub fn places(&self) -> usize {
        self.lists.places
    }

    /// Which index of a field runs fastest.
    pub fn order(&self) -> Order {
        self.lists.order
    }

    /// How many halo places of each other rank are copies of this rank's, by rank: what an exchange sends for each level.
    pub fn sent_to(&self) -> impl Iterator<Item = (usize, usize)> {
        self.of_others(&self.lists.own)
    }

    /// How many halo places are copies of each other rank's, by rank: what the adjoint sends for each level.
    pub fn received_from(&self) -> impl Iterator<Item = (usize, usize)> {
        self.of_others(&self.lists.halo)
    }

    fn of_others<'a>(&self, places: &'a Places) -> impl Iterator<Item = (usize, usize)> + use<'a, T> {
        let rank = self.communicator.rank();
        places.iter().map(|(other, places)| (*other, places.len())).filter(move |(other, _)| *other != rank)
    }

    /// Fills the halo of some fields. All ranks do so together, with as many levels.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for a field that is no whole number of levels, before anything is sent.
    pub fn exchange<F: AsRef<[T]> + AsMut<[T]>>(&self, fields: &mut [F]) -> Result<()> {
        self.start(fields)?.finish(fields)
    }

    /// Sends what others' halos want of these fields. Until it is finished other fields may be exchanged by another plan, and all that is read
    /// of a halo is old.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] for a field that is no whole number of levels, [`Error::InvalidValue`] where this plan is
    /// under way already; nothing is then sent.
    pub fn start<F: AsRef<[T]>>(&self, fields: &[F]) -> Result<HaloInFlight<'_, T>> {
        let (under_way, levels) = self.send(&self.forward, &self.lists.own, fields)?;
        Ok(HaloInFlight { halo: self, under_way, levels })
    }

    fn send<F: AsRef<[T]>>(
        &self,
        exchange: &Cell<Option<Exchange<T>>>,
        from: &Places,
        fields: &[F],
    ) -> Result<(InFlight<T>, Vec<usize>)> {
        let mut levels = self.levels.take();
        levels.clear();
        for field in fields {
            levels.push(self.levels_of(field.as_ref())?);
        }
        let Some(mut exchange) = exchange.take() else {
            return Err(Error::InvalidValue {
                name: "halo",
                got: "a plan that is under way, or was given up".to_owned(),
                expected: "one exchange at a time".to_owned(),
            });
        };
        exchange.set_width(levels.iter().sum());
        for (index, (_, places)) in from.iter().enumerate() {
            let mut rest = exchange.outgoing(index);
            for (field, &levels) in fields.iter().zip(&levels) {
                let parcel = rest.split_off_mut(..places.len() * levels).expect("room for the parcel");
                self.pack(field.as_ref(), places, levels, parcel);
            }
        }
        Ok((exchange.start()?, levels))
    }

    fn levels_of(&self, field: &[T]) -> Result<usize> {
        let places = self.lists.places;
        if places == 0 && field.is_empty() {
            return Ok(0);
        }
        let levels = field.len() / places.max(1);
        crate::error::expect_len("field", levels * places, field.len())?;
        Ok(levels)
    }

    fn pack(&self, field: &[T], places: &[u32], levels: usize, parcel: &mut [T]) {
        match self.lists.order {
            Order::LevelsInnermost if levels > 0 => {
                for (values, &place) in parcel.chunks_exact_mut(levels).zip(places) {
                    values.copy_from_slice(&field[place as usize * levels..][..levels]);
                }
            }
            Order::LevelsOutermost if !places.is_empty() => {
                let layers = field.chunks_exact(self.lists.places);
                for (values, layer) in parcel.chunks_exact_mut(places.len()).zip(layers) {
                    for (value, &place) in values.iter_mut().zip(places) {
                        *value = layer[place as usize];
                    }
                }
            }
            Order::LevelsInnermost | Order::LevelsOutermost => {}
        }
    }

    /// Calls `put` with each place of a field and the number that came for it.
    fn unpack(
        &self,
        field: &mut [T],
        places: &[u32],
        levels: usize,
        parcel: &[T],
        put: &mut impl FnMut(&mut T, T),
    ) {
        match self.lists.order {
            Order::LevelsInnermost if levels > 0 => {
                for (values, &place) in parcel.chunks_exact(levels).zip(places) {
                    let targets = &mut field[place as usize * levels..][..levels];
                    targets.iter_mut().zip(values).for_each(|(target, value)| put(target, *value));
                }
            }
            Order::LevelsOutermost if !places.is_empty() => {
                let layers = field.chunks_exact_mut(self.lists.places);
                for (values, layer) in parcel.chunks_exact(places.len()).zip(layers) {
                    values
                        .iter()
                        .zip(places)
                        .for_each(|(value, &place)| put(&mut layer[place as usize], *value));
                }
            }
            Order::LevelsInnermost | Order::LevelsOutermost => {}
        }
    }

    fn clear(&self, field: &mut [T], places: &[u32], levels: usize) {
        match self.lists.order {
            Order::LevelsInnermost => {
                places.iter().for_each(|&place| field[place as usize * levels..][..levels].fill(T::zeroed()));
            }
            Order::LevelsOutermost => {
                for layer in field.chunks_exact_mut(self.lists.places.max(1)) {
                    places.iter().for_each(|&place| layer[place as usize] = T::zeroed());
                }
            }
        }
    }

    /// Waits for what comes to `to` and puts it there, when the places of `cleared` have been set to zero; fields must have the levels that they had.
    fn receive<F: AsMut<[T]>>(
        &self,
        (exchange, under_way): (&Cell<Option<Exchange<T>>>, InFlight<T>),
        levels: Vec<usize>,
        (to, cleared): (&Places, &Places),
        fields: &mut [F],
        put: &mut impl FnMut(&mut T, T),
    ) -> Result<()> {
        let finished = under_way.finish()?;
        let outcome = self.expect_levels(&levels, fields);
        if outcome.is_ok() {
            for (field, &levels) in fields.iter_mut().zip(&levels) {
                cleared.iter().for_each(|(_, places)| self.clear(field.as_mut(), places, levels));
            }
            for (index, (_, places)) in to.iter().enumerate() {
                let mut rest = finished.incoming(index);
                for (field, &levels) in fields.iter_mut().zip(&levels) {
                    let parcel = rest.split_off(..places.len() * levels).expect("a whole parcel");
                    self.unpack(field.as_mut(), places, levels, parcel, put);
                }
            }
        }
        exchange.set(Some(finished));
        self.levels.set(levels);
        outcome
    }

    fn expect_levels<F: AsMut<[T]>>(&self, levels: &[usize], fields: &mut [F]) -> Result<()> {
        crate::error::expect_len("fields", levels.len(), fields.len())?;
        for (field, &levels) in fields.iter_mut().zip(levels) {
            crate::error::expect_len("field", levels * self.lists.places, field.as_mut().len())?;
        }
        Ok(())
    }
}

impl<R: Real> Halo<R> {
    /// Adds the halo of some fields to its owners and sets it to zero: the adjoint of [`Halo::exchange`].
    ///
    /// With extended fields x, whose halo an exchange E replaces: ⟨E x, y⟩ = ⟨x, Eᵀ y⟩, summed over all places of all ranks.
    ///
    /// # Errors
    /// Those of [`Halo::exchange`].
    pub fn adjoint<F: AsRef<[R]> + AsMut<[R]>>(&self, fields: &mut [F]) -> Result<()> {
        self.start_adjoint(fields)?.finish(fields)
    }

    /// Sends the halo of these fields to its owners. Until it is finished the halo is not to change; own values may.
    ///
    /// # Errors
    /// Those of [`Halo::start`].
    pub fn start_adjoint<F: AsRef<[R]>>(&self, fields: &[F]) -> Result<AdjointInFlight<'_, R>> {
        let (under_way, levels) = self.send(&self.backward, &self.lists.halo, fields)?;
        Ok(AdjointInFlight { halo: self, under_way, levels })
    }
}

/// A halo that is being filled. Given up, it cannot be filled by this plan again.
#[must_use = "an exchange that was started is to be finished"]
pub struct HaloInFlight<'a, T: Pod> {
    halo: &'a Halo<T>,
    under_way: InFlight<T>,
    levels: Vec<usize>,
}

impl<T: Pod> HaloInFlight<'_, T> {
    /// Whether [`HaloInFlight::finish`] would not wait. Asking also lets MPI work on.
    pub fn is_done(&mut self) -> Result<bool> {
        self.under_way.is_done()
    }

    /// Waits for the others and fills the halo of the fields, the same as at the start.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] where fields have other levels than at the start; they then stay as they are.
    pub fn finish<F: AsMut<[T]>>(self, fields: &mut [F]) -> Result<()> {
        let Self { halo, under_way, levels } = self;
        let copy = &mut |target: &mut T, value| *target = value;
        halo.receive((&halo.forward, under_way), levels, (&halo.lists.halo, &Vec::new()), fields, copy)
    }
}

/// A halo on its way back to its owners.
#[must_use = "an exchange that was started is to be finished"]
pub struct AdjointInFlight<'a, R: Real> {
    halo: &'a Halo<R>,
    under_way: InFlight<R>,
    levels: Vec<usize>,
}

impl<R: Real> AdjointInFlight<'_, R> {
    /// Whether [`AdjointInFlight::finish`] would not wait. Asking also lets MPI work on.
    pub fn is_done(&mut self) -> Result<bool> {
        self.under_way.is_done()
    }

    /// Waits for the others, sets the halo of the fields to zero, and adds what came.
    ///
    /// # Errors
    /// Those of [`HaloInFlight::finish`].
    pub fn finish<F: AsMut<[R]>>(self, fields: &mut [F]) -> Result<()> {
        let Self { halo, under_way, levels } = self;
        let add = &mut |target: &mut R, value| *target += value;
        let Lists { own, halo: cleared, .. } = &*halo.lists;
        halo.receive((&halo.backward, under_way), levels, (own, cleared), fields, add)
    }
}
