//! Round numbers for axes and levels.

/// Round levels from below `low` to above `high`, about `count` of them, by 1, 2, 2.5 or 5 times a power of ten.
pub fn nice_levels(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = nice_step(high - low, count);
    let (first, last) = ((low / step).floor(), (high / step).ceil());
    // Below 1 the step is one over a whole number: dividing by that gives the nearest number to 0.6, multiplying not.
    let inverse = (1.0 / step).round();
    let level = |number: f64| if step < 1.0 { number / inverse } else { number * step };
    (0..=((last - first) as usize)).map(|index| level(first + index as f64)).collect()
}

/// Round numbers within `low..=high`.
pub(super) fn ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let slack = 1e-9 * (high - low);
    nice_levels(low, high, count)
        .into_iter()
        .filter(|&tick| tick >= low - slack && tick <= high + slack)
        .collect()
}

fn nice_step(span: f64, count: usize) -> f64 {
    if !(span > 0.0 && span.is_finite()) {
        return 1.0;
    }
    let rough = span / count.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * 0.999);
    factor.unwrap_or(10.0) * power
}

/// A number for reading beside others with distance `step`: as many places as that needs, a true minus sign.
pub(super) fn label(value: f64, step: f64) -> String {
    let value = if value.abs() < 1e-9 * step.abs() { 0.0 } else { value };
    let largest = value.abs().max(step.abs());
    let text = if value != 0.0 && !(1e-4..1e6).contains(&largest) {
        let power = value.abs().log10().floor() as i32;
        let factor = value / 10_f64.powi(power);
        let factor = format!("{factor:.2}");
        let factor = factor.trim_end_matches('0').trim_end_matches('.');
        format!("{factor}·10{}", superscript(power))
    } else {
        let places = (0..6).find(|&places| {
            let scaled = step * 10_f64.powi(places);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1e-300)
        });
        format!("{value:.*}", places.unwrap_or(6) as usize)
    };
    text.replace('-', "−")
}

fn superscript(power: i32) -> String {
    let raised = |letter| match letter {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32(0x2070 + (digit as u32 - '0' as u32)).unwrap_or(digit),
    };
    power.to_string().chars().map(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_round_and_cover() {
        assert_eq!(
            nice_levels(4893.2, 5901.7, 10),
            (24..=30).map(|k| f64::from(k) * 200.0).collect::<Vec<_>>()
        );
        assert_eq!(nice_levels(-0.3, 1.1, 7), [-0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2]);
        assert_eq!(ticks(0.0, 120.0, 6), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0]);
        assert_eq!(nice_levels(3.0, 3.0, 5), [3.0]);
    }

    #[test]
    fn labels_are_short() {
        assert_eq!(label(-2.5, 2.5), "−2.5");
        assert_eq!(label(5400.0, 60.0), "5400");
        assert_eq!(label(0.30000000000000004, 0.1), "0.3");
        assert_eq!(label(-3e-13, 1e-13), "−3·10⁻¹³");
        assert_eq!(label(1e-30, 1.0), "0");
    }
}
