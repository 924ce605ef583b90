//! Colours, and colour maps that are even to the eye.
//!
//! Maps are given by anchors of lightness, chroma and hue in Oklab (Björn Ottosson, "A perceptual color space for image
//! processing", 2020) and interpolated there: equal steps in value look like equal steps. The anchors are our own.

/// An sRGB colour with opacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
    /// 0 transparent, 255 opaque.
    pub opacity: u8,
}

impl Colour {
    /// White.
    pub const WHITE: Self = Self::opaque(255, 255, 255);
    /// Nearly black, for text and coasts.
    pub const INK: Self = Self::opaque(24, 28, 36);
    /// For what stands behind: secondary text.
    pub const GREY: Self = Self::opaque(92, 98, 110);
    /// For frames and rulings.
    pub const LIGHT: Self = Self::opaque(206, 210, 216);

    /// An opaque colour.
    pub const fn opaque(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue, opacity: 255 }
    }

    /// The same colour with another opacity.
    pub const fn with_opacity(self, opacity: u8) -> Self {
        Self { opacity, ..self }
    }

    /// Colours of lines that are told apart easily, also with deficient colour vision.
    pub fn of_line(index: usize) -> Self {
        const LINES: [Colour; 8] = [
            Colour::opaque(0, 90, 181),
            Colour::opaque(205, 66, 37),
            Colour::opaque(15, 133, 84),
            Colour::opaque(204, 121, 20),
            Colour::opaque(122, 64, 160),
            Colour::opaque(60, 170, 200),
            Colour::opaque(150, 30, 90),
            Colour::opaque(90, 90, 90),
        ];
        LINES[index % LINES.len()]
    }
}

/// Position in 0..1, lightness, chroma, hue (degrees).
type Anchor = (f64, f64, f64, f64);

/// A family of colours for values from low to high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourMap {
    /// White over blue, green, yellow and red to purple, ever darker: wind speed, precipitation.
    Wind,
    /// Dark blue over teal and green to light yellow: height, humidity.
    Height,
    /// Dark blue over white to dark red: differences and all that has a sign.
    Difference,
    /// Purple over blue, white and orange to dark red: vorticity, temperature around a middle.
    Warmth,
}

impl ColourMap {
    fn anchors(self) -> &'static [Anchor] {
        match self {
            Self::Wind => &[
                (0.0, 0.990, 0.005, 230.0),
                (0.16, 0.900, 0.055, 225.0),
                (0.34, 0.820, 0.120, 160.0),
                (0.52, 0.800, 0.155, 95.0),
                (0.68, 0.680, 0.175, 50.0),
                (0.84, 0.520, 0.195, 22.0),
                (1.0, 0.350, 0.150, 335.0),
            ],
            Self::Height => &[
                (0.0, 0.270, 0.110, 285.0),
                (0.25, 0.445, 0.110, 250.0),
                (0.5, 0.620, 0.100, 195.0),
                (0.75, 0.795, 0.135, 135.0),
                (1.0, 0.965, 0.110, 103.0),
            ],
            Self::Difference => &[
                (0.0, 0.330, 0.125, 262.0),
                (0.25, 0.620, 0.130, 250.0),
                (0.42, 0.880, 0.050, 240.0),
                (0.5, 0.985, 0.002, 240.0),
                (0.58, 0.890, 0.055, 50.0),
                (0.75, 0.630, 0.160, 35.0),
                (1.0, 0.340, 0.130, 25.0),
            ],
            Self::Warmth => &[
                (0.0, 0.300, 0.160, 300.0),
                (0.2, 0.520, 0.150, 270.0),
                (0.36, 0.780, 0.095, 225.0),
                (0.5, 0.970, 0.015, 110.0),
                (0.64, 0.830, 0.135, 80.0),
                (0.8, 0.610, 0.190, 40.0),
                (1.0, 0.330, 0.130, 18.0),
            ],
        }
    }

    /// The colour at `position`, 0 to 1 (clamped).
    pub fn at(self, position: f64) -> Colour {
        let anchors = self.anchors();
        let position = position.clamp(0.0, 1.0);
        let after =
            anchors.iter().position(|anchor| anchor.0 >= position).unwrap_or(anchors.len() - 1).max(1);
        let (low, high) = (anchors[after - 1], anchors[after]);
        let weight = (position - low.0) / (high.0 - low.0);
        let mix = |a: f64, b: f64| a + (b - a) * weight;
        let cartesian = |anchor: Anchor| {
            let (sine, cosine) = anchor.3.to_radians().sin_cos();
            (anchor.2 * cosine, anchor.2 * sine)
        };
        let (low_ab, high_ab) = (cartesian(low), cartesian(high));
        oklab(mix(low.1, high.1), mix(low_ab.0, high_ab.0), mix(low_ab.1, high_ab.1))
    }

    /// `count` colours evenly over the map, ends included.
    pub fn steps(self, count: usize) -> Vec<Colour> {
        (0..count).map(|step| self.at((step as f64 + 0.5) / count as f64)).collect()
    }
}

/// Oklab to sRGB; a colour outside the screen's gamut loses chroma until it fits.
fn oklab(lightness: f64, a: f64, b: f64) -> Colour {
    let mut shrink = 1.0;
    loop {
        let linear = linear_rgb(lightness, a * shrink, b * shrink);
        if shrink < 0.02 || linear.iter().all(|part| (-1e-4..=1.0001).contains(part)) {
            let [red, green, blue] = linear.map(|part| {
                let part = part.clamp(0.0, 1.0);
                let encoded =
                    if part <= 0.003_130_8 { 12.92 * part } else { 1.055 * part.powf(1.0 / 2.4) - 0.055 };
                (encoded * 255.0).round() as u8
            });
            return Colour::opaque(red, green, blue);
        }
        shrink *= 0.97;
    }
}

fn linear_rgb(lightness: f64, a: f64, b: f64) -> [f64; 3] {
    let long = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Oklab's lightness.
    fn lightness(colour: Colour) -> f64 {
        let [red, green, blue] = [colour.red, colour.green, colour.blue].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        let long = (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
        let medium = (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
        let short = (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
        0.210_454_255_3 * long + 0.793_617_785_0 * medium - 0.004_072_046_8 * short
    }

    #[test]
    fn sequential_maps_go_one_way_in_lightness() {
        for (map, sign) in [(ColourMap::Wind, -1.0), (ColourMap::Height, 1.0)] {
            let steps = map.steps(40);
            for pair in steps.windows(2) {
                assert!(sign * (lightness(pair[1]) - lightness(pair[0])) > -0.004, "{map:?} {pair:?}");
            }
        }
    }

    #[test]
    fn signed_maps_are_white_in_the_middle() {
        for map in [ColourMap::Difference, ColourMap::Warmth] {
            assert!(lightness(map.at(0.5)) > 0.96);
            assert!(lightness(map.at(0.0)) < 0.4 && lightness(map.at(1.0)) < 0.4);
        }
    }

    #[test]
    fn grey_comes_back() {
        assert_eq!(oklab(1.0, 0.0, 0.0), Colour::WHITE);
        assert_eq!(oklab(0.0, 0.0, 0.0), Colour::opaque(0, 0, 0));
    }
}
