//! Coarser models for the inner loops of 4D-Var on the sphere.

use terrella_coupling::cycle::{Inner, Network, Shared};
use terrella_coupling::{GridAnalysis, Linearised};
use terrella_kernels::Real;
use terrella_kernels::assimilation::Composition;

use crate::error::Result;
use crate::geometry::Geometry;
use crate::spectral::{Blocks, Spectral};

/// The same model at another truncation, with a step of so many of the fine one's.
pub(crate) struct Coarse<R> {
    pub(crate) inner: Inner<R>,
    pub(crate) blocks: Blocks,
    /// Fields of the fine grid, with spectra of the coarse model.
    pub(crate) between: Blocks,
}

/// Makes one of a truncation and a time step \[s\], the fine model's where none is given, for windows of a network.
pub(crate) type Coarser<R> = Box<dyn Fn(usize, Option<f64>, &Network<R>) -> Result<Coarse<R>>>;

/// Steps of `fine` seconds in one of `coarse` seconds, which have to end at the network's times of observation.
fn ratio<R: Real>(coarse: f64, fine: f64, network: &Network<R>) -> Result<usize> {
    let apart = network.interval() / network.times();
    let ratio = (coarse / fine).round();
    // Also refuses NaN.
    if ratio >= 1.0 && (coarse / fine - ratio).abs() < 1e-9 && apart.is_multiple_of(ratio as usize) {
        return Ok(ratio as usize);
    }
    Err(terrella_coupling::Error::InvalidValue {
        name: "inner_time_step",
        got: coarse.to_string(),
        expected: format!(
            "a multiple of {fine} s that divides the {} s between times of observation",
            apart as f64 * fine
        ),
    }
    .into())
}

/// Of a model that was made with another truncation than the fine one, whose states `fine` describes. Fields of one grid become those of the
/// other through the spectra that both grids hold.
///
/// `time_steps` are those of the coarse and of the fine model \[s\].
pub(crate) fn coarse<R: Real, C: Linearised<Real = R> + 'static>(
    spectral: Spectral<C, R>,
    fine: &Blocks,
    time_steps: [f64; 2],
    network: &Network<R>,
) -> Result<Coarse<R>> {
    let ratio = ratio(time_steps[0], time_steps[1], network)?;
    let Geometry::Sphere { blocks, .. } = spectral.geometry else {
        unreachable!("spectral models are on the sphere")
    };
    let between = Blocks { grid: fine.grid.clone(), ..blocks.clone() };
    let simplify = Composition::new(GridAnalysis(between.view()?), blocks.view()?)?;
    let prolong = Composition::new(GridAnalysis(blocks.view()?), between.view()?)?;
    let inner = Inner {
        component: Box::new((spectral.build)()?),
        simplify: Box::new(simplify),
        prolong: Shared::new(prolong),
        ratio,
    };
    Ok(Coarse { inner, blocks, between })
}

#[cfg(test)]
mod tests {
    use terrella_coupling::Component;
    use terrella_coupling::cycle::{ComponentWindow, Prolonged};
    use terrella_kernels::assimilation::variational::{MultiResolution, Selection, Tangent, Window};
    use terrella_kernels::assimilation::{LinearOperator, adjoint_error};
    use terrella_kernels::device::Device;
    use terrella_kernels::random;

    use super::*;
    use crate::configuration::{Model, ModelName};
    use crate::spectral::shallow_water;

    fn model(truncation: usize, time_step: f64) -> Model {
        Model {
            name: ModelName::ShallowWater,
            precision: Default::default(),
            time_step: Some(time_step),
            size: None,
            forcing: None,
            truncation: Some(truncation),
            levels: None,
            length: None,
        }
    }

    #[test]
    fn inner_windows_have_their_adjoints_and_know_the_fine_model() {
        let spectral = shallow_water::<f64>(&model(15, 600.0), Device::Cpu, 1).expect("a model");
        let Geometry::Sphere { blocks, .. } = spectral.geometry else { panic!("on the sphere") };
        let mut fine = (spectral.build)().expect("a model");
        let network = Network::<f64>::regular(fine.state_len(), 7, 1.0, 8).expect("a network");
        let network = network.with_times(2).expect("a divisor");
        let of = |time_step: f64| {
            let spectral = shallow_water(&model(10, time_step), Device::Cpu, 1).expect("a model");
            coarse(spectral, &blocks, [time_step, 600.0], &network)
        };
        let said = of(1_500.0).map(|_| ()).expect_err("between steps").to_string();
        assert!(said.contains("a multiple of 600 s that divides the 2400 s"), "{said}");
        let Inner { component: mut inner, mut simplify, mut prolong, ratio } =
            of(1_200.0).expect("a model").inner;
        assert_eq!(ratio, 2);
        // What the coarse grid holds comes back.
        let mut increment = vec![0.0; inner.state_len()];
        random::normals(3, [0, 0, 0], &mut increment);
        inner.advance(&mut increment, 0).expect("a truncation");
        let (mut there, mut back) = (vec![0.0; fine.state_len()], increment.clone());
        prolong.apply(&increment, &mut there).expect("lengths");
        simplify.apply(&there, &mut back).expect("lengths");
        let far = increment.iter().zip(&back).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(far < 1e-9, "{far}");
        let mut state = spectral.start.clone();
        fine.advance(&mut state, 200).expect("a run");
        let places: Vec<usize> = network.indices().iter().map(|&index| index as usize).collect();
        let selection = Selection::new(state.len(), vec![places; 2]).expect("places");
        let operator = Prolonged::new(selection.clone(), prolong.clone());
        let mut outer =
            ComponentWindow::new(&mut fine, selection, network.steps(), 1 << 28).expect("a window");
        let within = ComponentWindow::new(&mut inner, operator, vec![2, 4], 1 << 28).expect("a window");
        let mut window =
            MultiResolution::new(&mut outer, within, simplify, prolong.clone()).expect("windows that fit");
        let mut equivalents = vec![0.0; network.total()];
        window.trajectory(&state, &mut equivalents).expect("a run");
        let error = adjoint_error(&mut Tangent(&mut window), 5).expect("a window");
        assert!(error < 1e-12, "{error}");
        // A wide increment does in the fine model about what the coarse derivative says of it.
        let mut wide = vec![0.0; increment.len()];
        let points = wide.len() / 3;
        wide[..points].iter_mut().for_each(|value| *value = 0.1);
        let mut linear = equivalents.clone();
        window.tangent(&wide, &mut linear).expect("a window");
        window.prolong(&wide, &mut there).expect("lengths");
        let perturbed: Vec<f64> = state.iter().zip(&there).map(|(x, d)| x + d).collect();
        let mut after = equivalents.clone();
        window.trajectory(&perturbed, &mut after).expect("a run");
        let size = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        let change: Vec<f64> = after.iter().zip(&equivalents).map(|(a, b)| a - b).collect();
        let rest: Vec<f64> = change.iter().zip(&linear).map(|(a, b)| a - b).collect();
        assert!(size(&rest) < 0.2 * size(&change), "{} {}", size(&rest), size(&change));
    }
}
