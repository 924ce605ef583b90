//! Global fields and spectra to and from the distributed layout.

use std::ffi::{c_double, c_int};
use std::sync::Arc;

use super::blocking::{Doubled, Layout};
use super::layout::{GridFields, Spectra};
use super::plan::Plan;
use super::regions::places_of;
use super::requests::{count, plan_of, use_once};
use super::tasks::{self, Intent, together};
use super::whole::{Cut, Order};
use crate::border::{Array, input, reference, slices, zeros};
use crate::failure::{Failure, Outcome};

/// Who has or gets each global field.
struct Owners {
    tasks: Vec<usize>,
    /// How many fields this task has or gets.
    here: usize,
}

/// # Safety
/// NULL or `fields` numbers.
unsafe fn owners(name: &'static str, numbers: *const c_int, fields: usize, plan: &Plan) -> Outcome<Owners> {
    if numbers.is_null() {
        return Err(Failure::null(name));
    }
    // SAFETY: the caller's promise.
    let numbers = unsafe { input(name, numbers, fields) }?.iter().enumerate();
    let tasks = numbers
        .map(|(field, &number)| tasks::number(&format!("{name}[{field}]"), number, plan.tasks))
        .collect::<Outcome<Vec<_>>>()?;
    let here = tasks.iter().filter(|task| **task == plan.tasks.own).count();
    Ok(Owners { tasks, here })
}

/// Which points are whose; nothing where one task has them all.
fn cut_of_grid(plan: &Plan) -> Option<Cut> {
    let regions = plan.regions.as_ref()?;
    let places = (0..plan.tasks.count).map(|task| places_of(regions, task)).collect();
    Some(Cut { places, len: plan.global_points(), order: Order::FieldByField })
}

/// Which coefficients are whose.
fn cut_of_spectra(plan: &Plan) -> Outcome<Cut> {
    let waves = plan.waves()?;
    let places = (0..plan.tasks.count).map(|task| waves.places_of(task)).collect();
    Ok(Cut { places, len: waves.truncation.spectrum_len(1), order: Order::ValueByValue })
}

struct GridRequest<'a> {
    request: &'a GridFields,
    plan: Arc<Plan>,
    owners: Owners,
    layout: Layout,
    /// Values of the global array.
    global: usize,
}

impl GridRequest<'_> {
    fn intent(&self) -> Intent {
        Intent::default().with(self.plan.handle).with(&self.owners.tasks)
    }
}

/// # Safety
/// As the header asks: NULL or a valid request.
unsafe fn grid_request<'a>(request: *mut GridFields, tasks: &'static str) -> Outcome<GridRequest<'a>> {
    // SAFETY: the caller's promise.
    let request = unsafe { reference("request", request) }?;
    use_once(&mut request.count)?;
    // SAFETY: the caller's promise.
    let plan = unsafe { plan_of(request.trans) }?;
    let fields = count("nfld", request.nfld)?;
    // SAFETY: the caller's promise.
    let owners = unsafe { owners(tasks, request.tasks, fields, &plan) }?;
    let layout = Layout::new(&plan, fields, request.nproma, request.ngpblks, false)?;
    let global = owners.here * plan.global_points();
    Ok(GridRequest { request, plan, owners, layout, global })
}

/// Global fields `[field of this task][ngptotg]` to distributed ones.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_distgrid(request: *mut GridFields) -> c_int {
    let prepare = || {
        // SAFETY: the header asks for NULL or a valid request.
        let given = unsafe { grid_request(request, "nfrom") }?;
        let GridRequest { request, layout, global, .. } = &given;
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let slices = unsafe {
            slices(
                [Array::input("rgpg", request.rgpg, *global)],
                [Array::output("rgp", request.rgp, layout.len()?)],
            )
        }?;
        let cut = cut_of_grid(&given.plan);
        let own = if cut.is_some() { zeros("rgp", layout.plain_len())? } else { Vec::new() };
        let intent = given.intent();
        Ok(((given, slices, cut, own), intent))
    };
    together("trans_distgrid", prepare, |(given, ([global], [held]), cut, mut own)| {
        let Some(cut) = cut else {
            given.layout.write(global, held, 1.0);
            return Ok(());
        };
        cut.scatter(given.plan.tasks.own, &given.owners.tasks, global, &mut own)?;
        given.layout.write(&own, held, 1.0);
        Ok(())
    })
}

/// Distributed fields to global ones.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_gathgrid(request: *mut GridFields) -> c_int {
    let prepare = || {
        // SAFETY: the header asks for NULL or a valid request.
        let given = unsafe { grid_request(request, "nto") }?;
        let GridRequest { request, layout, global, .. } = &given;
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let slices = unsafe {
            slices(
                [Array::input("rgp", request.rgp, layout.len()?)],
                [Array::output("rgpg", request.rgpg, *global)],
            )
        }?;
        let cut = cut_of_grid(&given.plan);
        let own = if cut.is_some() { zeros("rgp", layout.plain_len())? } else { Vec::new() };
        let intent = given.intent();
        Ok(((given, slices, cut, own), intent))
    };
    together("trans_gathgrid", prepare, |(given, ([held], [global]), cut, mut own)| {
        let Some(cut) = cut else {
            given.layout.read(held, global, Doubled::Second);
            return Ok(());
        };
        given.layout.read(held, &mut own, Doubled::Second);
        cut.gather(given.plan.tasks.own, &given.owners.tasks, &own, global)
    })
}

struct SpectraRequest<'a> {
    request: &'a Spectra,
    plan: Arc<Plan>,
    owners: Owners,
    cut: Cut,
    /// Values of the global array and of the distributed one.
    global: usize,
    own: usize,
}

impl SpectraRequest<'_> {
    fn intent(&self) -> Intent {
        Intent::default().with(self.plan.handle).with(&self.owners.tasks)
    }

    /// Whether one array is both and stays as it is, as it may with one task.
    fn is_same(&self) -> bool {
        let Spectra { rspecg, rspec, .. } = self.request;
        self.plan.tasks.count == 1 && rspecg == rspec && !rspec.is_null()
    }

    fn global_array(&self, make: fn(&'static str, *mut c_double, usize) -> Array<f64>) -> Array<f64> {
        make("rspecg", self.request.rspecg, if self.is_same() { 0 } else { self.global })
    }

    fn own_array(&self, make: fn(&'static str, *mut c_double, usize) -> Array<f64>) -> Array<f64> {
        make("rspec", self.request.rspec, if self.is_same() { 0 } else { self.own })
    }
}

/// # Safety
/// As the header asks: NULL or a valid request.
unsafe fn spectra_request<'a>(request: *mut Spectra, tasks: &'static str) -> Outcome<SpectraRequest<'a>> {
    // SAFETY: the caller's promise.
    let request = unsafe { reference("request", request) }?;
    use_once(&mut request.count)?;
    // SAFETY: the caller's promise.
    let plan = unsafe { plan_of(request.trans) }?;
    let fields = count("nfld", request.nfld)?;
    let cut = cut_of_spectra(&plan)?;
    // SAFETY: the caller's promise.
    let owners = unsafe { owners(tasks, request.tasks, fields, &plan) }?;
    let (global, own) = (owners.here * cut.len, fields * plan.spectrum_len());
    Ok(SpectraRequest { request, plan, owners, cut, global, own })
}

/// Global spectra `[nspec2g][field of this task]` to distributed ones.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_distspec(request: *mut Spectra) -> c_int {
    let prepare = || {
        // SAFETY: the header asks for NULL or a valid request.
        let given = unsafe { spectra_request(request, "nfrom") }?;
        let global = given.global_array(|name, pointer, len| Array::input(name, pointer, len));
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let slices = unsafe { slices([global], [given.own_array(Array::output)]) }?;
        let intent = given.intent();
        Ok(((given, slices), intent))
    };
    together("trans_distspec", prepare, |(given, ([global], [own]))| match given.is_same() {
        true => Ok(()),
        false => given.cut.scatter(given.plan.tasks.own, &given.owners.tasks, global, own),
    })
}

/// Distributed spectra to global ones.
#[unsafe(no_mangle)]
unsafe extern "C" fn trans_gathspec(request: *mut Spectra) -> c_int {
    let prepare = || {
        // SAFETY: the header asks for NULL or a valid request.
        let given = unsafe { spectra_request(request, "nto") }?;
        let own = given.own_array(|name, pointer, len| Array::input(name, pointer, len));
        // SAFETY: the header asks for arrays of the lengths that the request gives.
        let slices = unsafe { slices([own], [given.global_array(Array::output)]) }?;
        let intent = given.intent();
        Ok(((given, slices), intent))
    };
    together("trans_gathspec", prepare, |(given, ([own], [global]))| match given.is_same() {
        true => Ok(()),
        false => given.cut.gather(given.plan.tasks.own, &given.owners.tasks, own, global),
    })
}
