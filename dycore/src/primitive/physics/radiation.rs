//! Grey radiation as a scheme.

use std::mem::swap;

use terrella_coupling::spectral::Rings;
use terrella_kernels::Real;
use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::physics::radiation::{
    Sun, annual_insolation, daily_insolation, downward_streams, ground_radiation, insolation, upward_streams,
};

use super::{ColumnScheme, ColumnState, Columns, Diagnostic, accumulated};
use crate::primitive::Configuration;
use crate::shallow_water::{expect_length, rounded};
use crate::{Error, Result};

/// How sunlight is spread over the day and the year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sunlight {
    /// The annual mean of Frierson, Held & Zurita-Gotor (2006), with their contrast Δ_S, 1.4.
    Annual {
        /// Δ_S.
        contrast: f64,
    },
    /// The mean over each day.
    Daily {
        /// Day of the year at model time 0: 0 is the beginning of January 1.
        start: f64,
    },
    /// The sun where it stands, at the middle of the step.
    Diurnal {
        /// Day of the year at model time 0, with the time of day UTC as its fraction.
        start: f64,
    },
}

/// Settings of [`GreyRadiation`]; the default is Frierson, Held & Zurita-Gotor's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GreyAtmosphere {
    /// τ_e, the optical depth at the equator.
    pub equator: f64,
    /// τ_p, at the poles.
    pub pole: f64,
    /// f, the part that is linear in pressure.
    pub linear: f64,
    /// τ_s, the optical depth for sunlight.
    pub short_wave: f64,
    /// S_0 \[W m⁻²\].
    pub solar_constant: f64,
    /// How sunlight is spread.
    pub sunlight: Sunlight,
}

impl Default for GreyAtmosphere {
    fn default() -> Self {
        Self {
            equator: 6.0,
            pole: 1.5,
            linear: 0.1,
            short_wave: 0.0,
            solar_constant: 1360.0,
            sunlight: Sunlight::Annual { contrast: 1.4 },
        }
    }
}

/// Two streams through a grey atmosphere: [`terrella_kernels::physics::radiation`].
///
/// It leaves in [`Ground`](super::Ground) the radiation that the ground receives.
///
/// | diagnostic (of the last call)     | unit  |
/// |-----------------------------------|-------|
/// | `toa_incoming_shortwave_flux`     | W m-2 |
/// | `toa_outgoing_shortwave_flux`     | W m-2 |
/// | `toa_outgoing_longwave_flux`      | W m-2 |
/// | `surface_downwelling_shortwave_flux_in_air` | W m-2 |
/// | `surface_downwelling_longwave_flux_in_air` | W m-2 |
/// | `surface_net_downward_radiative_flux` | W m-2 |
/// | `accumulated_toa_net_downward_energy` | J m-2, summed over the steps since the start |
#[derive(Debug)]
pub struct GreyRadiation<R: Real> {
    atmosphere: GreyAtmosphere,
    albedo: Buffer<R>,
    sine_latitude: Buffer<R>,
    sine_longitude: Buffer<R>,
    cosine_longitude: Buffer<R>,
    incoming: Buffer<R>,
    reflected: Buffer<R>,
    outgoing: Buffer<R>,
    short_wave: Buffer<R>,
    long_wave: Buffer<R>,
    net: Buffer<R>,
    /// Energy that has come in at the top.
    received: Buffer<R>,
}

impl<R: Real> GreyRadiation<R> {
    /// Over a ground of this albedo, `[points]` from 0 to 1, on the model's grid and device.
    ///
    /// Errors: an albedo of another length or outside 0 to 1; an optical depth or solar constant that is negative or not finite,
    /// a linear part outside 0 to 1.
    pub fn new(
        atmosphere: GreyAtmosphere,
        albedo: &[R],
        configuration: &Configuration,
        device: Device,
    ) -> Result<Self> {
        let refuse = |name, got: f64, expected| {
            Err(Error::InvalidConfiguration { name, got: got.to_string(), expected })
        };
        for (name, value) in [
            ("equator", atmosphere.equator),
            ("pole", atmosphere.pole),
            ("short_wave", atmosphere.short_wave),
            ("solar_constant", atmosphere.solar_constant),
        ] {
            if !(value >= 0.0 && value.is_finite()) {
                return refuse(name, value, "a finite number of at least 0");
            }
        }
        if !(0.0..=1.0).contains(&atmosphere.linear) {
            return refuse("linear", atmosphere.linear, "a number from 0 to 1");
        }
        let (Sunlight::Annual { contrast: number }
        | Sunlight::Daily { start: number }
        | Sunlight::Diurnal { start: number }) = atmosphere.sunlight;
        if !number.is_finite() {
            return refuse("sunlight", number, "a finite number");
        }
        let points = configuration.points();
        expect_length("albedo", points, albedo.len())?;
        if let Some(value) = albedo.iter().find(|value| !(0.0..=1.0).contains(&value.to_f64())) {
            return refuse("albedo", value.to_f64(), "numbers from 0 to 1");
        }
        let (mut latitude, mut east, mut north) = (Vec::new(), Vec::new(), Vec::new());
        for ring in configuration.rings() {
            for point in 0..ring.points {
                let degrees = ring.first_longitude + 360.0 * point as f64 / ring.points as f64;
                latitude.push(ring.sine_latitude);
                east.push(degrees.to_radians().sin());
                north.push(degrees.to_radians().cos());
            }
        }
        let table = |values: &[f64]| Buffer::from_slice(device, &rounded::<R>(values));
        let zero = || Buffer::zeros(device, points);
        Ok(Self {
            atmosphere,
            albedo: Buffer::from_slice(device, albedo)?,
            sine_latitude: table(&latitude)?,
            sine_longitude: table(&east)?,
            cosine_longitude: table(&north)?,
            incoming: zero()?,
            reflected: zero()?,
            outgoing: zero()?,
            short_wave: zero()?,
            long_wave: zero()?,
            net: zero()?,
            received: zero()?,
        })
    }

    /// Sunlight at the top of the atmosphere for the step.
    fn find_sunlight(&mut self, columns: &Columns<'_, R>) -> Result<()> {
        const DAY: f64 = 86_400.0;
        let points = columns.points as u32;
        let constant = self.atmosphere.solar_constant;
        match self.atmosphere.sunlight {
            Sunlight::Annual { contrast } => annual_insolation::launch(
                [points],
                R::from_f64(constant),
                R::from_f64(contrast),
                &self.sine_latitude,
                &mut self.incoming,
            )?,
            Sunlight::Daily { start } => {
                let sun = Sun::on_day(start + columns.time / DAY);
                daily_insolation::launch(
                    [points],
                    R::from_f64(constant * sun.distance_factor),
                    R::from_f64(sun.declination.sin()),
                    R::from_f64(sun.declination.cos()),
                    &self.sine_latitude,
                    &mut self.incoming,
                )?;
            }
            Sunlight::Diurnal { start } => {
                let day = start + (columns.time + 0.5 * columns.time_step) / DAY;
                let sun = Sun::on_day(day);
                let (sine_hour, cosine_hour) = sun.hour_angle(day.rem_euclid(1.0)).sin_cos();
                insolation::launch(
                    [points],
                    R::from_f64(constant * sun.distance_factor),
                    R::from_f64(sun.declination.sin()),
                    R::from_f64(sun.declination.cos()),
                    R::from_f64(sine_hour),
                    R::from_f64(cosine_hour),
                    &self.sine_latitude,
                    &self.sine_longitude,
                    &self.cosine_longitude,
                    &mut self.incoming,
                )?;
            }
        }
        Ok(())
    }
}

impl<R: Real> ColumnScheme<R> for GreyRadiation<R> {
    fn name(&self) -> &'static str {
        "grey radiation"
    }

    fn advance(&mut self, columns: &Columns<'_, R>, state: &mut ColumnState<R>) -> Result<()> {
        self.find_sunlight(columns)?;
        let points = columns.points as u32;
        let levels = columns.levels.count() as u32;
        let extent = [levels, points];
        let (air, layers, atmosphere) = (state.air, columns.layers, self.atmosphere);
        let [equator, pole, linear] =
            [atmosphere.equator, atmosphere.pole, atmosphere.linear].map(R::from_f64);
        downward_streams::launch(
            extent,
            points,
            equator,
            pole,
            linear,
            R::from_f64(atmosphere.short_wave),
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.a_sum,
            &layers.b_sum,
            columns.reference_temperature,
            &self.sine_latitude,
            &self.incoming,
            columns.surface_pressure,
            &state.now.temperature,
            &mut state.next.humidity,
            &mut self.long_wave,
            &mut self.short_wave,
        )?;
        upward_streams::launch(
            extent,
            points,
            levels,
            R::from_f64(columns.interval),
            R::from_f64(air.heat_capacity),
            R::from_f64(air.gravity),
            equator,
            pole,
            linear,
            &layers.a_thickness,
            &layers.b_thickness,
            &layers.a_sum,
            &layers.b_sum,
            columns.reference_temperature,
            &self.sine_latitude,
            columns.surface_pressure,
            &state.ground.temperature,
            &state.next.humidity,
            &state.now.temperature,
            &mut state.next.temperature,
            &mut self.outgoing,
        )?;
        ground_radiation::launch(
            [points],
            &self.albedo,
            &self.long_wave,
            &self.short_wave,
            &state.ground.temperature,
            &mut state.ground.radiation,
            &mut self.reflected,
        )?;
        self.net.copy_from(&state.ground.radiation)?;
        state.swap_temperature();
        for (direction, flux) in [(1.0, &self.incoming), (-1.0, &self.reflected), (-1.0, &self.outgoing)] {
            let step = R::from_f64(direction * columns.time_step);
            accumulated::launch([points], step, &self.received, flux, &mut state.scratch)?;
            swap(&mut self.received, &mut state.scratch);
        }
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic<'_, R>> {
        let mut all: Vec<Diagnostic<'_, R>> = [
            ("toa_incoming_shortwave_flux", &self.incoming),
            ("toa_outgoing_shortwave_flux", &self.reflected),
            ("toa_outgoing_longwave_flux", &self.outgoing),
            ("surface_downwelling_shortwave_flux_in_air", &self.short_wave),
            ("surface_downwelling_longwave_flux_in_air", &self.long_wave),
            ("surface_net_downward_radiative_flux", &self.net),
        ]
        .map(|(name, values)| Diagnostic { name, unit: "W m-2", values })
        .into();
        all.push(Diagnostic {
            name: "accumulated_toa_net_downward_energy",
            unit: "J m-2",
            values: &self.received,
        });
        all
    }

    fn memory(&self) -> Vec<(&'static str, &Buffer<R>)> {
        vec![("accumulated_toa_net_downward_energy", &self.received)]
    }

    fn memory_mut(&mut self) -> Vec<&mut Buffer<R>> {
        vec![&mut self.received]
    }
}
