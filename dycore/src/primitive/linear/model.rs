//! The linearised model.

use terrella_coupling::Component;
use terrella_kernels::Real;
use terrella_kernels::physics::held_suarez::Forcing;

use super::super::{HeldSuarez, Primitive};
use super::parts::Parts;
use super::trajectory::{Kept, Linearisation};
use crate::Result;
use crate::ranks::expect_alone;
use crate::shallow_water::expect_length;

/// A model with the derivative of its step; see [`super`] for what is linearised.
///
/// ```
/// use terrella_coupling::{Component, Linearised};
/// use terrella_dycore::primitive::linear::LinearisedPrimitive;
/// use terrella_dycore::primitive::{Configuration, Primitive};
/// use terrella_kernels::device::Device;
///
/// # fn main() -> terrella_coupling::Result<()> {
/// let model = Primitive::<f64>::new(Configuration::new(10, "sigma5".parse()?)?, Device::Cpu)?;
/// let mut linear = LinearisedPrimitive::new(model)?;
/// let mut state = vec![0.0; linear.state_len()];
/// linear.model().copy_state_to(&mut state)?;
/// let mut memory = vec![0.0; linear.memory_len()];
/// linear.begin(&state, &mut memory)?;
///
/// // How the first step carries a disturbance of one coefficient of vorticity.
/// let mut perturbation = vec![0.0; linear.state_len()];
/// perturbation[2 * 5 * 14] = 1e-6;
/// let mut carried = vec![0.0; linear.memory_len()];
/// linear.begin_tangent(&state, &perturbation, &mut carried)?;
/// linear.tangent_step(&memory, 0, &mut carried)?;
/// assert!(carried.iter().all(|value| value.is_finite()));
/// # Ok(())
/// # }
/// ```
///
/// It is a [`Component`] with the states and memories of its model. Calls compute where the model is, allocate nothing on the CPU,
/// and give the same bits for any number of threads.
pub struct LinearisedPrimitive<R: Real> {
    pub(super) parts: Parts<R>,
    pub(super) own: Linearisation<R>,
    /// Of the first steps.
    pub(super) kept: Vec<Kept<R>>,
}

impl<R: Real> LinearisedPrimitive<R> {
    /// The derivative of a model's dynamics; column physics that it has changes the trajectory alone.
    ///
    /// Errors: a semi-Lagrangian model; one that ranks share; column physics that remembers more than the columns of one step.
    pub fn new(model: Primitive<R>) -> Result<Self> {
        model.expect_whole_memory()?;
        expect_alone(model.part(), "a model on one rank, which has a derivative")?;
        let own = Linearisation::zeros(&model)?;
        Ok(Self { parts: Parts::new(model)?, own, kept: Vec::new() })
    }

    /// Appends the forcing of Held and Suarez to the model's physics, and takes the derivative of model and forcing.
    ///
    /// Errors: those of [`Self::new`] and of [`HeldSuarez::new`].
    pub fn with_held_suarez(mut model: Primitive<R>, forcing: Forcing) -> Result<Self> {
        let grid = model.configuration.grid.clone();
        let device = model.device;
        model.add_physics(Box::new(HeldSuarez::<R>::new(forcing, &grid, device)?))?;
        let mut linear = Self::new(model)?;
        linear.parts.forcing = Some(HeldSuarez::new(forcing, &grid, device)?);
        Ok(linear)
    }

    /// The model, in the state in which the last call left it.
    pub fn model(&self) -> &Primitive<R> {
        &self.parts.model
    }

    /// Room for the trajectory's fields of one step.
    ///
    /// Errors: too little memory.
    pub fn linearisation(&self) -> Result<Linearisation<R>> {
        Linearisation::zeros(self.model())
    }

    /// Finds the trajectory's fields of the step `number`, which goes from `memory`.
    ///
    /// Errors: an array of another length.
    pub fn linearise(&mut self, memory: &[R], number: usize, about: &mut Linearisation<R>) -> Result<()> {
        expect_length("memory", self.memory_len(), memory.len())?;
        self.parts.linearise(memory, number, about)
    }

    /// A tangent step with the trajectory's fields at hand, which are of a model with the same settings.
    ///
    /// Errors: an array of another length.
    pub fn tangent_step_about(&mut self, about: &Linearisation<R>, perturbation: &mut [R]) -> Result<()> {
        expect_length("perturbation", self.memory_len(), perturbation.len())?;
        self.parts.tangent(about, perturbation)
    }

    /// An adjoint step with the trajectory's fields at hand.
    ///
    /// Errors: an array of another length.
    pub fn adjoint_step_about(&mut self, about: &Linearisation<R>, sensitivity: &mut [R]) -> Result<()> {
        expect_length("sensitivity", self.memory_len(), sensitivity.len())?;
        self.parts.adjoint(about, sensitivity)
    }
}
