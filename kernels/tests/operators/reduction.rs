//! Reductions: the stated order to the bit, any number of threads, missing values, bad lengths.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::operators::reduction::{LANES, ROWS, Reduction};
use terrella_kernels::{Real, Result};

/// Around every border: no row, one row, one segment, two passes, three passes.
const LENGTHS: [usize; 11] = [1, 31, 32, 33, 2047, 2048, 2049, 4129, 70_001, 131_072, 150_017];

fn values<R: Real>(length: usize, step: f64) -> Vec<R> {
    (0..length).map(|i| R::from_f64((i as f64 * step).sin() + 0.25)).collect()
}

/// The sum in the order that the module's documentation states, by plain loops.
fn ordered_sum<R: Real>(values: &[R]) -> R {
    let (lanes, rows) = (LANES as usize, ROWS as usize);
    let (whole, tail) = values.split_at(values.len() / lanes * lanes);
    let mut partials = whole.to_vec();
    let mut segments = usize::MAX;
    while segments > 1 && !partials.is_empty() {
        segments = partials.len().div_ceil(lanes * rows);
        let down_the_rows = partials.chunks(lanes * rows).flat_map(|segment| {
            (0..lanes).map(|lane| segment[lane..].iter().step_by(lanes).fold(R::ZERO, |sum, x| sum + *x))
        });
        partials = down_the_rows.collect();
    }
    partials.iter().chain(tail).fold(R::ZERO, |sum, x| sum + *x)
}

fn sums_in_the_stated_order<R: Real>() -> Result<()> {
    for length in LENGTHS {
        let values = values::<R>(length, 0.7);
        let buffer = Buffer::from_slice(Device::Cpu, &values)?;
        let got = Reduction::new(Device::Cpu, length)?.sum(&buffer)?;
        assert_eq!(got, ordered_sum(&values), "length {length}");
        let squares: Vec<R> = values.iter().map(|x| *x * *x).collect();
        let got = Reduction::new(Device::Cpu, length)?.dot(&buffer, &buffer)?;
        assert_eq!(got, ordered_sum(&squares), "dot product, length {length}");
    }
    Ok(())
}

#[test]
fn sums_in_the_stated_order_f32() -> Result<()> {
    sums_in_the_stated_order::<f32>()
}

#[test]
fn sums_in_the_stated_order_f64() -> Result<()> {
    sums_in_the_stated_order::<f64>()
}

#[test]
fn sum_is_closer_than_a_running_sum() -> Result<()> {
    let length = 1 << 20;
    let values = vec![0.1_f32; length];
    let exact = f64::from(0.1_f32) * length as f64;
    let buffer = Buffer::from_slice(Device::Cpu, &values)?;
    let got = Reduction::new(Device::Cpu, length)?.sum(&buffer)?;
    let running: f32 = values.iter().sum();
    let error = |sum: f32| (f64::from(sum) / exact - 1.0).abs();
    assert!(error(got) < 2e-6, "error {}", error(got));
    assert!(error(running) > 100.0 * error(got), "running sum {}, ours {}", error(running), error(got));
    Ok(())
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() -> Result<()> {
    let length = 150_017;
    let values = Buffer::from_slice(Device::Cpu, &values::<f32>(length, 0.7))?;
    let weights = Buffer::from_slice(Device::Cpu, &self::values::<f32>(length, 0.3))?;
    let results = |threads: usize| -> Result<[u32; 4]> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads");
        pool.install(|| {
            let mut reduction = Reduction::new(Device::Cpu, length)?;
            Ok([
                reduction.sum(&values)?,
                reduction.dot(&values, &weights)?,
                reduction.largest_magnitude(&values)?,
                reduction.weighted_mean(&weights, &values)?,
            ]
            .map(f32::to_bits))
        })
    };
    let alone = results(1)?;
    for threads in [2, 3, 7] {
        assert_eq!(results(threads)?, alone, "{threads} threads");
    }
    Ok(())
}

fn largest_magnitude_is_exact<R: Real>() -> Result<()> {
    for length in LENGTHS {
        for place in [0, length / 2, length - 1] {
            let mut values = values::<R>(length, 0.7);
            values[place] = R::from_f64(-7.5);
            let buffer = Buffer::from_slice(Device::Cpu, &values)?;
            let got = Reduction::new(Device::Cpu, length)?.largest_magnitude(&buffer)?;
            assert_eq!(got.to_f64(), 7.5, "length {length}, place {place}");
        }
    }
    Ok(())
}

#[test]
fn largest_magnitude_is_exact_f32() -> Result<()> {
    largest_magnitude_is_exact::<f32>()
}

#[test]
fn largest_magnitude_is_exact_f64() -> Result<()> {
    largest_magnitude_is_exact::<f64>()
}

#[test]
fn one_missing_value_shows_wherever_it_is() -> Result<()> {
    for length in LENGTHS {
        let mut reduction = Reduction::new(Device::Cpu, length)?;
        for place in [0, length / 3, length / 2, length - 1] {
            let mut values = values::<f64>(length, 0.7);
            values[place] = f64::NAN;
            let buffer = Buffer::from_slice(Device::Cpu, &values)?;
            assert!(reduction.largest_magnitude(&buffer)?.is_nan(), "length {length}, place {place}");
            assert!(reduction.sum(&buffer)?.is_nan(), "length {length}, place {place}");
        }
        let mut values = values::<f64>(length, 0.7);
        values[length / 2] = f64::NEG_INFINITY;
        let buffer = Buffer::from_slice(Device::Cpu, &values)?;
        assert_eq!(reduction.largest_magnitude(&buffer)?, f64::INFINITY, "infinity is a number");
    }
    Ok(())
}

fn weighted_mean_leaves_missing_values_out<R: Real>() -> Result<()> {
    for length in LENGTHS {
        let (mut values, weights) = (values::<R>(length, 0.7), values::<R>(length, 0.01));
        for place in (1..length).step_by(5) {
            values[place] = R::from_f64(f64::NAN);
        }
        let valid = || values.iter().zip(&weights).filter(|(x, _)| !x.to_f64().is_nan());
        let sum: f64 = valid().map(|(x, w)| w.to_f64() * x.to_f64()).sum();
        let magnitude: f64 = valid().map(|(x, w)| (w.to_f64() * x.to_f64()).abs()).sum();
        let weight_sum: f64 = valid().map(|(_, w)| w.to_f64()).sum();
        let mut reduction = Reduction::new(Device::Cpu, length)?;
        let (weights, values) =
            (Buffer::from_slice(Device::Cpu, &weights)?, Buffer::from_slice(Device::Cpu, &values)?);
        let got = reduction.weighted_mean(&weights, &values)?.to_f64();
        let tolerance = 200.0 * R::EPSILON.to_f64() * (magnitude / weight_sum).abs();
        assert!((got - sum / weight_sum).abs() <= tolerance, "length {length}: {got}, {}", sum / weight_sum);
    }
    Ok(())
}

#[test]
fn weighted_mean_leaves_missing_values_out_f32() -> Result<()> {
    weighted_mean_leaves_missing_values_out::<f32>()
}

#[test]
fn weighted_mean_leaves_missing_values_out_f64() -> Result<()> {
    weighted_mean_leaves_missing_values_out::<f64>()
}

#[test]
fn wrong_lengths_are_refused_by_name() -> Result<()> {
    assert!(Reduction::<f64>::new(Device::Cpu, 0).unwrap_err().to_string().starts_with("'length' is 0"));
    let mut reduction = Reduction::<f64>::new(Device::Cpu, 10)?;
    let error = reduction.sum(&Buffer::zeros(Device::Cpu, 9)?).unwrap_err();
    assert_eq!(error.to_string(), "'values': expected 10 values, got 9.");
    Ok(())
}
