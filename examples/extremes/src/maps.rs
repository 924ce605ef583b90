//! What the maps show: height lines over wind speed or vorticity.

use terrella_io::layout::Layout;
use terrella_io::picture::{Colour, ColourMap, Contours, Map, Projection, Shading};

/// What is shaded below the height lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    /// Wind speed \[m s⁻¹\].
    Wind,
    /// Relative vorticity, positive where cyclonic \[10⁻⁵ s⁻¹\].
    Vorticity,
}

/// Fields of one time as they are drawn.
#[derive(Clone, Debug)]
pub(crate) struct Drawable {
    /// \[dam\].
    height: Vec<f64>,
    /// \[m s⁻¹\].
    speed: Vec<f64>,
    /// \[10⁻⁵ s⁻¹\].
    cyclonic_vorticity: Vec<f64>,
}

impl Drawable {
    /// From height \[m\], wind \[m s⁻¹\] and relative vorticity \[s⁻¹\].
    pub(crate) fn new(layout: &Layout, height: &[f64], u: &[f64], v: &[f64], vorticity: &[f64]) -> Self {
        let cyclonic =
            |((_, latitude), vorticity): ((f64, f64), &f64)| 1e5 * vorticity * f64::signum(latitude);
        Self {
            height: height.iter().map(|height| height / 10.0).collect(),
            speed: u.iter().zip(v).map(|(u, v)| u.hypot(*v)).collect(),
            cyclonic_vorticity: layout.coordinates().zip(vorticity).map(cyclonic).collect(),
        }
    }

    /// A map of these fields; `spacing` is the distance of height lines \[dam\].
    pub(crate) fn map<'a>(
        &'a self,
        layout: &'a Layout,
        theme: Theme,
        projection: Projection,
        spacing: f64,
        title: String,
        subtitle: String,
    ) -> Map<'a> {
        let (values, levels, colours, label) = match theme {
            Theme::Wind => {
                let levels = vec![15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 50.0, 60.0, 70.0];
                (&self.speed, levels, ColourMap::Wind, "wind speed [m/s]")
            }
            Theme::Vorticity => {
                // None at zero: the weak vorticity of the calm parts stays white.
                let strong = [4.0, 8.0, 12.0, 16.0, 20.0, 24.0];
                let levels = strong.iter().rev().map(|level| -level).chain(strong).collect();
                (&self.cyclonic_vorticity, levels, ColourMap::Difference, "cyclonic vorticity [10⁻⁵/s]")
            }
        };
        let low = self.height.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.height.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let first = (low / spacing).ceil() as i64;
        let last = (high / spacing).floor() as i64;
        let lines = (first..=last).map(|number| number as f64 * spacing).collect();
        Map {
            title,
            subtitle,
            projection,
            shading: Some(Shading { layout, values, levels, colours, smooth: false, label: label.into() }),
            contours: vec![Contours {
                layout,
                values: &self.height,
                levels: lines,
                colour: Colour::INK,
                width: 1.5,
                numbers: true,
                bold_every: 0,
                dash_negative: false,
                extremes: true,
            }],
            wind: None,
        }
    }
}

/// Distance of height lines \[dam\] that is usual at a pressure \[hPa\].
pub(crate) fn line_spacing(pressure: u32) -> f64 {
    match pressure {
        700.. => 3.0,
        400..700 => 6.0,
        _ => 12.0,
    }
}
