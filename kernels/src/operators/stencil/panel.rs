//! The metric of a regular latitude-longitude panel.

use std::f64::consts::{FRAC_PI_2, TAU};

use crate::{Error, Real, Result};

/// A regular latitude-longitude panel: cell centres half a spacing inside its four sides, rows from north to south.
///
/// ```
/// use terrella_kernels::operators::stencil::LatLonPanel;
/// let panel = LatLonPanel::global(180, 360, 6_371_229.0)?;
/// assert_eq!(panel.latitude(0).to_degrees(), 89.5);
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LatLonPanel {
    rows: usize,
    columns: usize,
    northern_side: f64,
    row_spacing: f64,
    column_spacing: f64,
    radius: f64,
}

impl LatLonPanel {
    /// The panel of `rows` × `columns` cells that covers a sphere of `radius` [m].
    ///
    /// An even number of columns, so that the halo beyond a pole falls on cell centres.
    pub fn global(rows: usize, columns: usize, radius: f64) -> Result<Self> {
        if columns % 2 == 1 {
            return Err(Error::InvalidValue {
                name: "columns",
                got: columns.to_string(),
                expected: "an even number on a panel that covers the sphere".to_owned(),
            });
        }
        Self::limited(rows, columns, [-FRAC_PI_2, FRAC_PI_2], TAU, radius)
    }

    /// The panel between the latitudes `[south, north]` [rad], `width` [rad] of longitude wide, on a sphere of `radius` [m].
    pub fn limited(
        rows: usize,
        columns: usize,
        latitudes: [f64; 2],
        width: f64,
        radius: f64,
    ) -> Result<Self> {
        let [south, north] = latitudes;
        let refuse = |name, got: String, expected: &str| {
            Err(Error::InvalidValue { name, got, expected: expected.to_owned() })
        };
        if rows == 0 || columns == 0 {
            return refuse(
                "rows × columns",
                format!("{rows} × {columns}"),
                "at least one row and one column",
            );
        }
        if !(-FRAC_PI_2 <= south && south < north && north <= FRAC_PI_2) {
            return refuse(
                "latitudes",
                format!("{latitudes:?}"),
                "[south, north] in radians, south < north, within ±π/2",
            );
        }
        if !(width > 0.0 && width <= TAU) {
            return refuse("width", width.to_string(), "a width in radians above 0 and at most 2π");
        }
        if !(radius > 0.0 && radius.is_finite()) {
            return refuse("radius", radius.to_string(), "a positive length in metres");
        }
        Ok(Self {
            rows,
            columns,
            northern_side: north,
            row_spacing: (north - south) / rows as f64,
            column_spacing: width / columns as f64,
            radius,
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Latitude of a row's centres [rad].
    pub fn latitude(&self, row: usize) -> f64 {
        self.northern_side - (row as f64 + 0.5) * self.row_spacing
    }

    /// Distance of a column's centres from the western side [rad].
    pub fn longitude(&self, column: usize) -> f64 {
        (column as f64 + 0.5) * self.column_spacing
    }

    /// 1/(a² cos²φ Δλ²) of each row [m⁻²].
    pub fn west_east<R: Real>(&self) -> Vec<R> {
        self.each_row(|latitude| (self.radius * latitude.cos() * self.column_spacing).powi(-2))
    }

    /// cos(φ + Δφ/2) / (a² cos φ Δφ²) of each row [m⁻²].
    pub fn north<R: Real>(&self) -> Vec<R> {
        self.each_row(|latitude| self.face(latitude, 0.5))
    }

    /// cos(φ − Δφ/2) / (a² cos φ Δφ²) of each row [m⁻²].
    pub fn south<R: Real>(&self) -> Vec<R> {
        self.each_row(|latitude| self.face(latitude, -0.5))
    }

    /// 1/(a cos φ Δλ) of each row [m⁻¹].
    pub fn inverse_column_distance<R: Real>(&self) -> Vec<R> {
        self.each_row(|latitude| 1.0 / (self.radius * latitude.cos() * self.column_spacing))
    }

    /// 1/(a Δφ) [m⁻¹].
    pub fn inverse_row_distance<R: Real>(&self) -> R {
        R::from_f64(1.0 / (self.radius * self.row_spacing))
    }

    fn face(&self, latitude: f64, side: f64) -> f64 {
        let cosine_at_face = (latitude + side * self.row_spacing).cos();
        cosine_at_face / (latitude.cos() * (self.radius * self.row_spacing).powi(2))
    }

    fn each_row<R: Real>(&self, value: impl Fn(f64) -> f64) -> Vec<R> {
        (0..self.rows).map(|row| R::from_f64(value(self.latitude(row)))).collect()
    }
}
