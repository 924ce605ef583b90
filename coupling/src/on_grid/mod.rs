//! [`OnGrid`]: a spectral model seen by its grid fields, which is where observations and local analyses are.

use terrella_kernels::Real;

mod view;

pub use view::{GridAnalysis, GridView};

use crate::Result;
use crate::component::{Component, Linearised};
use crate::error::expect_len;

/// A component with states of spectra, seen as one with states of the fields that a [`GridView`] makes of them.
///
/// A run begins with the spectra of the fields and ends with the fields of the spectra: what the model's truncation cannot hold is lost at
/// the beginning, so that a state that is the end of a run stays what it is, and an increment is truncated.
pub struct OnGrid<C: Component> {
    component: C,
    view: GridView<C::Real>,
    spectra: Vec<C::Real>,
}

impl<C: Component> OnGrid<C> {
    /// Sees `component` by this view.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`](crate::Error::LengthMismatch) where the component's states have not the length of the view's spectra.
    pub fn new(component: C, view: GridView<C::Real>) -> Result<Self> {
        expect_len("spectra of the state", view.spectra_len(), component.state_len())?;
        let spectra = vec![C::Real::ZERO; component.state_len()];
        Ok(Self { component, view, spectra })
    }

    /// The component.
    pub fn component(&self) -> &C {
        &self.component
    }

    /// How it is seen.
    pub fn view(&mut self) -> &mut GridView<C::Real> {
        &mut self.view
    }

    fn expect(&self, fields: &[C::Real]) -> Result<()> {
        expect_len("state", self.view.state_len(), fields.len())
    }

    /// Lends the spectra out: they are of one call only.
    fn with_spectra<T>(&mut self, call: impl FnOnce(&mut Self, &mut Vec<C::Real>) -> Result<T>) -> Result<T> {
        let mut spectra = std::mem::take(&mut self.spectra);
        let result = call(self, &mut spectra);
        self.spectra = spectra;
        result
    }
}

impl<C: Component> Component for OnGrid<C> {
    type Real = C::Real;

    fn state_len(&self) -> usize {
        self.view.state_len()
    }

    fn memory_len(&self) -> usize {
        self.component.memory_len()
    }

    fn time_step(&self) -> f64 {
        self.component.time_step()
    }

    fn begin(&mut self, state: &[C::Real], memory: &mut [C::Real]) -> Result<()> {
        self.expect(state)?;
        self.with_spectra(|own, spectra| {
            own.view.analysis(state, spectra)?;
            own.component.begin(spectra, memory)
        })
    }

    fn step(&mut self, memory: &mut [C::Real], number: usize) -> Result<()> {
        self.component.step(memory, number)
    }

    fn end(&mut self, memory: &[C::Real], state: &mut [C::Real]) -> Result<()> {
        self.expect(state)?;
        self.with_spectra(|own, spectra| {
            own.component.end(memory, spectra)?;
            own.view.synthesis(spectra, state)
        })
    }
}

impl<C: Linearised> Linearised for OnGrid<C> {
    fn begin_tangent(
        &mut self,
        state: &[C::Real],
        of_state: &[C::Real],
        of_memory: &mut [C::Real],
    ) -> Result<()> {
        self.expect(state)?;
        self.expect(of_state)?;
        self.with_spectra(|own, spectra| {
            let mut perturbation = spectra.clone();
            own.view.analysis(state, spectra)?;
            own.view.analysis(of_state, &mut perturbation)?;
            own.component.begin_tangent(spectra, &perturbation, of_memory)
        })
    }

    fn tangent_step(
        &mut self,
        memory: &[C::Real],
        number: usize,
        perturbation: &mut [C::Real],
    ) -> Result<()> {
        self.component.tangent_step(memory, number, perturbation)
    }

    fn end_tangent(
        &mut self,
        memory: &[C::Real],
        of_memory: &[C::Real],
        of_state: &mut [C::Real],
    ) -> Result<()> {
        self.expect(of_state)?;
        self.with_spectra(|own, spectra| {
            own.component.end_tangent(memory, of_memory, spectra)?;
            own.view.synthesis(spectra, of_state)
        })
    }

    fn end_adjoint(
        &mut self,
        memory: &[C::Real],
        of_state: &[C::Real],
        of_memory: &mut [C::Real],
    ) -> Result<()> {
        self.expect(of_state)?;
        self.with_spectra(|own, spectra| {
            own.view.synthesis_adjoint(of_state, spectra)?;
            own.component.end_adjoint(memory, spectra, of_memory)
        })
    }

    fn adjoint_step(&mut self, memory: &[C::Real], number: usize, sensitivity: &mut [C::Real]) -> Result<()> {
        self.component.adjoint_step(memory, number, sensitivity)
    }

    fn begin_adjoint(
        &mut self,
        state: &[C::Real],
        of_memory: &[C::Real],
        of_state: &mut [C::Real],
    ) -> Result<()> {
        self.expect(state)?;
        self.expect(of_state)?;
        self.with_spectra(|own, spectra| {
            let mut sensitivity = spectra.clone();
            own.view.analysis(state, spectra)?;
            own.component.begin_adjoint(spectra, of_memory, &mut sensitivity)?;
            own.view.analysis_adjoint(&sensitivity, of_state)
        })
    }
}

#[cfg(test)]
mod tests {
    use terrella_kernels::grid::Grid;
    use terrella_kernels::random;
    use terrella_kernels::spectral::{HostTransform, Truncation};

    use super::*;

    /// Spectra that stay as they are.
    struct Still(usize);

    impl Component for Still {
        type Real = f64;

        fn state_len(&self) -> usize {
            self.0
        }

        fn time_step(&self) -> f64 {
            1.0
        }

        fn step(&mut self, _: &mut [f64], _: usize) -> Result<()> {
            Ok(())
        }
    }

    impl Linearised for Still {
        fn tangent_step(&mut self, _: &[f64], _: usize, _: &mut [f64]) -> Result<()> {
            Ok(())
        }

        fn adjoint_step(&mut self, _: &[f64], _: usize, _: &mut [f64]) -> Result<()> {
            Ok(())
        }
    }

    fn model() -> OnGrid<Still> {
        let truncation = Truncation::new(7);
        let grid: Grid = "F8".parse().expect("a grid");
        let transform = HostTransform::new(&grid, truncation).expect("a transform");
        OnGrid::new(Still(truncation.spectrum_len(7)), GridView::new(transform, 2, vec![2, 1]))
            .expect("lengths")
    }

    fn normals(number: u32, len: usize) -> Vec<f64> {
        let mut values = vec![0.0; len];
        random::normals(5, [number, 0, 0], &mut values);
        values
    }

    #[test]
    fn the_end_of_a_run_stays_what_it_is() {
        let mut model = model();
        let mut state = normals(0, model.state_len());
        model.advance(&mut state, 1).expect("a run");
        let truncated = state.clone();
        model.advance(&mut state, 1).expect("a run");
        let far = state.iter().zip(&truncated).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        // Winds of some hundred thousands: the wind of a vorticity of 1 s⁻¹ is about the radius of the sphere.
        let size = truncated.iter().fold(0.0_f64, |size, value| size.max(value.abs()));
        assert!(far < 1e-12 * size, "{far} {size}");
    }

    #[test]
    fn beginnings_and_ends_have_their_adjoints() {
        let mut model = model();
        let (len, memory_len) = (model.state_len(), model.memory_len());
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let size = |a: &[f64]| product(a, a).sqrt();
        let (state, memory) = (normals(1, len), normals(2, memory_len));
        let (x, y) = (normals(3, len), normals(4, memory_len));
        let (mut image, mut back) = (vec![0.0; memory_len], vec![0.0; len]);
        model.begin_tangent(&state, &x, &mut image).expect("lengths");
        model.begin_adjoint(&state, &y, &mut back).expect("lengths");
        let error = (product(&image, &y) - product(&x, &back)).abs() / (size(&image) * size(&y));
        assert!(error < 1e-12, "{error}");
        model.end_tangent(&memory, &y, &mut back).expect("lengths");
        let fields = back.clone();
        model.end_adjoint(&memory, &x, &mut image).expect("lengths");
        let error = (product(&fields, &x) - product(&y, &image)).abs() / (size(&fields) * size(&x));
        assert!(error < 1e-12, "{error}");
    }

    #[test]
    fn states_of_other_spectra_are_refused() {
        let truncation = Truncation::new(7);
        let transform = HostTransform::new(&"F8".parse().expect("a grid"), truncation).expect("a transform");
        let error = OnGrid::new(Still(10), GridView::new(transform, 1, vec![]))
            .map(|_| ())
            .expect_err("refused")
            .to_string();
        assert!(error.contains("got 10"), "{error}");
    }
}
