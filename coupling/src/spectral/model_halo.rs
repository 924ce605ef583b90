//! Rings of other ranks around a model's part.

use terrella_kernels::Real;
use terrella_kernels::device::Buffer;

use super::Part;
use super::on_thread::OnThread;
use crate::agreement::agreed;
use crate::communicator::Communicator;
use crate::decomposition::pairs_of_rings;
use crate::halo::GridHalo;
use crate::{Error, Result};

/// The rings within a depth of a rank's own, for models whose points look beyond them: a [`GridHalo::of_bands`] over buffers on the CPU.
///
/// A field is `[rows][place]`: the own points of the [`Part`], and behind them the rings of others, each a whole one, from north to south.
/// The handle may go to other threads, but fills halos on the communicator's alone.
///
/// Volume: in a fill of W rows altogether, of numbers of s bytes, a rank sends s W Σ n, over the others and over the n points of those own
/// rings that are at most d rings from one of theirs. Poles add none: a ring that is reached over a pole is nearer on its own side.
///
/// ```
/// use terrella_coupling::communicator::Communicator;
/// use terrella_coupling::spectral::{ModelHalo, ModelTransform};
/// use terrella_kernels::device::{Buffer, Device};
/// use terrella_kernels::spectral::Truncation;
///
/// let grid = "O16".parse()?;
/// let seen = Communicator::threads(4, |ranks| {
///     let transform = ModelTransform::<f64>::on(&ranks, &grid, Truncation::new(15))?;
///     let part = transform.part();
///     let halo = ModelHalo::on(&ranks, part, 2)?;
///     let mut field = vec![0.0; halo.places()];
///     field[..part.points()].fill(ranks.rank() as f64);
///     let mut field = [Buffer::from_slice(Device::Cpu, &field)?];
///     halo.fill(&mut field)?;
///     // The owner of the ring after the first own ones.
///     let next = part.ring_numbers().windows(2).find(|pair| pair[1] > pair[0] + 1).map_or(1, |pair| pair[0] + 1);
///     let place = halo.rings().find(|(ring, _)| *ring == next).map(|(_, place)| place);
///     Ok::<_, terrella_coupling::Error>(place.map(|place| field[0].to_vec().map(|field| field[place])))
/// });
/// let second = seen.into_iter().next().expect("rank 0")?.expect("a neighbour's ring")?;
/// assert_eq!(second, 1.0);
/// # Ok::<(), terrella_coupling::Error>(())
/// ```
pub struct ModelHalo<R: Real> {
    depth: usize,
    places: usize,
    /// The number of each ring that is here, and the place of its first point.
    rings: Vec<(usize, usize)>,
    plan: OnThread<GridHalo<R>>,
}

impl<R: Real> ModelHalo<R> {
    /// The rings within `depth` of those of this rank's part, which all ranks plan together.
    ///
    /// # Errors
    /// On all ranks alike: those of [`GridHalo::of_bands`]; a part of other pairs of rings than those of
    /// [`ModelTransform::on`](super::ModelTransform::on).
    pub fn on(communicator: &Communicator, part: &Part, depth: usize) -> Result<Self> {
        let pairs = pairs_of_rings(part.grid(), communicator.size());
        let (count, block) = (part.grid().rings().len(), pairs.of(communicator.rank()));
        let own = block.clone().chain(count - block.end..count - block.start);
        let outcome = if own.eq(part.ring_numbers()) {
            Ok(())
        } else {
            let (got, expected) = (format!("of {} ranks", part.ranks()), "this rank's part".to_owned());
            Err(Error::InvalidValue { name: "part", got, expected })
        };
        agreed(communicator, "halo", outcome)?;
        let plan = GridHalo::of_bands(communicator, part.grid(), &pairs, depth)?;
        let rings = plan.segments().iter().map(|segment| (segment.ring, segment.place)).collect();
        Ok(Self { depth, places: plan.halo().places(), rings, plan: OnThread::new(plan) })
    }

    /// How many rings it reaches on both sides.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Number of own points and the halo's.
    pub fn places(&self) -> usize {
        self.places
    }

    /// The rings that are here, own and others', from the north: their numbers in the grid, and the places of their first points.
    pub fn rings(&self) -> impl Iterator<Item = (usize, usize)> {
        self.rings.iter().copied()
    }

    /// Fills the halo of some fields in one message to each rank. All ranks do so together, with as many rows.
    ///
    /// # Errors
    /// Those of [`Halo::exchange`](crate::halo::Halo::exchange); a buffer that is not on the CPU; a call from another thread than the
    /// communicator's.
    pub fn fill(&self, fields: &mut [Buffer<R>]) -> Result<()> {
        self.plan.work(|plan| {
            let slices = fields.iter_mut().map(Buffer::cpu_slice_mut);
            let mut slices = slices.collect::<std::result::Result<Vec<_>, _>>()?;
            plan.halo().exchange(&mut slices)
        })
    }
}
