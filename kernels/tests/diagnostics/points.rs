//! Exceedance, heat waves and ensemble statistics against sums that hold everything in memory.

use terrella_kernels::device::{Buffer, Device};
use terrella_kernels::diagnostics::ensemble::EnsembleStatistics;
use terrella_kernels::diagnostics::exceedance::{Exceedance, MovingSum, wind_speed};
use terrella_kernels::diagnostics::heat_wave::{HeatThresholds, HeatWaves};
use terrella_kernels::{Real, Result};

/// Odd, so that the last pack is not full.
const POINTS: usize = 37;

/// A sequence without pattern, 0 to 1, by Lehmer's generator.
fn sequence(seed: u64, len: usize) -> Vec<f64> {
    // The first numbers of neighbouring seeds are neighbours: they are left out.
    let mut state = (0..8).fold(seed * 2 + 1, |state, _| state * 48271 % 2147483647);
    (0..len)
        .map(|_| {
            state = state * 48271 % 2147483647;
            state as f64 / 2147483647.0
        })
        .collect()
}

fn buffer<R: Real>(values: &[f64]) -> Buffer<R> {
    let values: Vec<R> = values.iter().map(|&value| R::from_f64(value)).collect();
    Buffer::from_slice(Device::Cpu, &values).unwrap()
}

fn numbers<R: Real>(buffer: &Buffer<R>) -> Vec<f64> {
    buffer.to_vec().unwrap().into_iter().map(|value| value.to_f64()).collect()
}

/// Welford's mean and spread of members around 101 325 with a spread near 100, against two passes in f64.
fn ensemble_equals_two_passes<R: Real>(tolerance: f64) -> Result<()> {
    let members: Vec<Vec<f64>> = (0..21)
        .map(|member| {
            let values = sequence(member + 3, POINTS).into_iter();
            values.map(|x| R::from_f64(101_325.0 + 346.0 * (x - 0.5)).to_f64()).collect()
        })
        .collect();
    let thresholds = [101_300.0, 101_400.0];
    let mut statistics = EnsembleStatistics::<R>::new(Device::Cpu, POINTS, &thresholds)?;
    for (number, member) in members.iter().enumerate() {
        if number == 10 {
            // Interrupted and continued: the same numbers.
            let saved = statistics.save()?;
            statistics = EnsembleStatistics::new(Device::Cpu, POINTS, &thresholds)?;
            statistics.restore(&saved)?;
        }
        statistics.add(&buffer(member))?;
    }
    assert_eq!(statistics.members(), 21);
    let probabilities = statistics.probabilities()?;
    let spread = numbers(statistics.spread()?);
    let mean = numbers(statistics.mean());
    for point in 0..POINTS {
        let values: Vec<f64> = members.iter().map(|member| member[point]).collect();
        let expected = values.iter().sum::<f64>() / 21.0;
        let variance = values.iter().map(|value| (value - expected).powi(2)).sum::<f64>() / 20.0;
        assert!((mean[point] - expected).abs() < tolerance * 1e5, "{point}: {} {expected}", mean[point]);
        let error = (spread[point] - variance.sqrt()).abs();
        // The mean's rounding enters the departures: 1e5/100 times the precision at worst.
        assert!(error < 1e3 * tolerance * variance.sqrt(), "{point}: {} {}", spread[point], variance.sqrt());
        for (number, threshold) in thresholds.iter().enumerate() {
            let above = values.iter().filter(|value| *value > threshold).count();
            assert_eq!(probabilities[number * POINTS + point], above as f64 / 21.0);
        }
    }
    Ok(())
}

#[test]
fn ensemble_equals_two_passes_f32() -> Result<()> {
    ensemble_equals_two_passes::<f32>(1e-6)
}

#[test]
fn ensemble_equals_two_passes_f64() -> Result<()> {
    ensemble_equals_two_passes::<f64>(1e-14)
}

#[test]
fn one_member_has_no_spread_and_wrong_input_is_named() -> Result<()> {
    let mut statistics = EnsembleStatistics::<f64>::new(Device::Cpu, 2, &[])?;
    statistics.add(&buffer(&[3.0, -4.0]))?;
    assert_eq!(numbers(statistics.spread()?), [0.0, 0.0]);
    let error = statistics.add(&buffer(&[1.0])).unwrap_err().to_string();
    assert_eq!(error, "'values': expected 2 values, got 1.");
    let error = EnsembleStatistics::<f64>::new(Device::Cpu, 2, &[2.0, 1.0]).unwrap_err().to_string();
    assert_eq!(error, "'thresholds' is [2.0, 1.0]: expected finite, rising numbers.");
    Ok(())
}

#[test]
fn exceedance_counts_time_and_keeps_the_maximum() -> Result<()> {
    let thresholds = [10.0, 20.0];
    let mut exceedance = Exceedance::<f32>::new(Device::Cpu, POINTS, &thresholds)?;
    let (mut maximum, mut above) = (vec![f64::NEG_INFINITY; POINTS], vec![0.0; 2 * POINTS]);
    let mut total = 0.0;
    for step in 0..8 {
        let u: Vec<f64> = sequence(step, POINTS).iter().map(|x| 30.0 * x).collect();
        let v: Vec<f64> = sequence(step + 50, POINTS).iter().map(|x| 10.0 * x).collect();
        let mut speed = Buffer::zeros(Device::Cpu, POINTS)?;
        wind_speed::launch([POINTS as u32], &buffer::<f32>(&u), &buffer::<f32>(&v), &mut speed)?;
        let interval = if step == 0 { 0.0 } else { 3600.0 * (1 + step % 2) as f64 };
        exceedance.observe(interval, &speed)?;
        total += interval;
        for (point, speed) in numbers(&speed).into_iter().enumerate() {
            assert!((speed - (u[point] as f32).hypot(v[point] as f32) as f64).abs() < 1e-5);
            maximum[point] = speed.max(maximum[point]);
            for (number, threshold) in thresholds.iter().enumerate() {
                above[number * POINTS + point] += if speed > *threshold { interval } else { 0.0 };
            }
        }
        if step == 4 {
            let saved = exceedance.save()?;
            exceedance = Exceedance::new(Device::Cpu, POINTS, &thresholds)?;
            exceedance.restore(&saved)?;
        }
    }
    assert_eq!(exceedance.total_time(), total);
    assert_eq!(numbers(exceedance.maximum()), maximum);
    assert_eq!(numbers(exceedance.time_above()), above);
    let fraction: Vec<f64> = above.iter().map(|time| time / total).collect();
    assert_eq!(exceedance.fraction_above()?, fraction);
    assert!(above.iter().any(|time| *time > 0.0) && above.iter().any(|time| *time < total));
    Ok(())
}

#[test]
fn a_moving_sum_is_the_amount_of_its_last_intervals() -> Result<()> {
    let mut sum = MovingSum::<f64>::new(Device::Cpu, 2, 3)?;
    let accumulated = [[1.0, 0.0], [4.0, 0.5], [4.0, 0.5], [9.0, 2.0], [9.5, 2.0]];
    let mut got = Vec::new();
    for (time, amount) in accumulated.iter().enumerate() {
        got.push(sum.observe(&buffer(amount))?.map(numbers));
        if time == 1 || time == 3 {
            let saved = sum.save()?;
            sum = MovingSum::new(Device::Cpu, 2, 3)?;
            sum.restore(&saved)?;
        }
    }
    let expected = [None, None, Some(vec![4.0, 0.5]), Some(vec![8.0, 2.0]), Some(vec![5.5, 1.5])];
    assert_eq!(got, expected);
    Ok(())
}

#[test]
fn heat_waves_are_runs_of_hot_days() -> Result<()> {
    // Hot above 300 K; magnitude from 295 K in units of 10 K.
    let days = [
        [299.0, 305.0, 301.0],
        [301.0, 305.0, 301.0],
        [302.0, 299.0, 301.0],
        [303.0, 305.0, 301.0],
        [299.0, 305.0, 301.0],
        [304.0, 300.0, 301.0],
    ];
    let thresholds = HeatThresholds::percentiles(vec![300.0; 3], vec![295.0; 3], &[305.0; 3]);
    let mut waves = HeatWaves::<f64>::new(Device::Cpu, 3, &thresholds)?;
    for (day, temperature) in days.iter().enumerate() {
        waves.observe(&buffer(temperature))?;
        if day == 2 {
            let saved = waves.save()?;
            waves = HeatWaves::new(Device::Cpu, 3, &thresholds)?;
            waves.restore(&saved)?;
        }
    }
    assert_eq!(numbers(waves.longest()), [3.0, 0.0, 6.0]);
    assert_eq!(numbers(waves.days()), [3.0, 0.0, 6.0]);
    let magnitude = numbers(waves.largest_magnitude());
    for (got, expected) in magnitude.iter().zip([0.6 + 0.7 + 0.8, 0.0, 3.6]) {
        assert!((got - expected).abs() < 1e-12, "{magnitude:?}");
    }
    let flat = HeatThresholds::percentiles(vec![300.0], vec![295.0], &[295.0]);
    let error = HeatWaves::<f64>::new(Device::Cpu, 3, &flat).unwrap_err().to_string();
    assert!(error.contains("'range' is 0"), "{error}");
    Ok(())
}
