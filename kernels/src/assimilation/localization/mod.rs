//! Which observations count where: tapers, and the search for what is near.
//!
//! [`Cells`] holds points of a line, plane or space, periodic or not, [`SphereCells`] points on the sphere with a vertical coordinate. Both sort
//! their points into cells of half the taper's reach once; a search then looks at the cells within reach alone, so that its cost follows
//! the number of points found and not the number there are.

mod cells;
mod sphere;
mod taper;

pub use cells::Cells;
pub use sphere::{Place, SphereCells};
pub use taper::Taper;

/// A point that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// Its number, in the order in which the points were given.
    pub index: u32,
    /// The taper at its distance, above 0.
    pub taper: f64,
}

/// Finds the points near others that are known by their number. Closures of this form are neighbourhoods.
pub trait Neighbourhood: Sync {
    /// Appends what is near to `found`, in an order that depends on nothing else.
    fn near(&self, number: usize, found: &mut Vec<Near>);
}

impl<F: Fn(usize, &mut Vec<Near>) + Sync> Neighbourhood for F {
    #[inline]
    fn near(&self, number: usize, found: &mut Vec<Near>) {
        self(number, found);
    }
}

/// Sets `found` to what is near a number; refuses what is beyond the `count` that there are. `what` is found near a `place`.
#[inline(always)]
pub(super) fn find_near<N: Neighbourhood + ?Sized>(
    neighbourhood: &N,
    (place, number): (&str, usize),
    (what, count): (&str, usize),
    found: &mut Vec<Near>,
) -> crate::Result<()> {
    found.clear();
    neighbourhood.near(number, found);
    match found.iter().find(|near| near.index as usize >= count) {
        None => Ok(()),
        Some(near) => Err(crate::Error::InvalidValue {
            name: "neighbourhood",
            got: format!("{what} {} near {place} {number}", near.index),
            expected: format!("a number below {count}"),
        }),
    }
}

/// The first of `points` with a coordinate that is not finite.
fn not_finite<'a>(mut points: impl Iterator<Item = &'a [f64]>) -> crate::Result<()> {
    let Some((number, point)) =
        (0..).zip(&mut points).find(|(_, point)| point.iter().any(|x| !x.is_finite()))
    else {
        return Ok(());
    };
    let got = format!("{point:?} at point {number}");
    Err(crate::Error::InvalidValue { name: "points", got, expected: "finite coordinates".to_owned() })
}
