//! Bad input, repeated calls and NaN.

use super::super::transform::{DeviceEngine, DeviceTransform};
use super::*;
use crate::spectral::operation::Operation;

#[test]
fn wrong_buffers_are_refused_and_nothing_is_done_for_no_fields() {
    let (grid, truncation): (Grid, _) = ("F16".parse().unwrap(), Truncation::new(31));
    let mut transform = transform::<f32>(Device::Cpu, &grid, 31);
    let buffer = |len: usize| Buffer::<f32>::zeros(Device::Cpu, len).unwrap();
    let spectrum = buffer(truncation.spectrum_len(2));
    let mut values = buffer(2 * grid.points());
    let error = transform.synthesis(1, &spectrum, &mut values).unwrap_err().to_string();
    assert!(error.contains("spectrum"), "{error}");
    let error = transform.synthesis(2, &spectrum, &mut buffer(grid.points())).unwrap_err().to_string();
    assert!(error.contains("values"), "{error}");
    let [mut u, mut v] = [0; 2].map(|_| buffer(1));
    let error = transform.wind_synthesis(2, &spectrum, &spectrum, &mut u, &mut v).unwrap_err().to_string();
    assert!(error.contains("'u'") || error.contains("u:"), "{error}");
    transform.synthesis(0, &buffer(0), &mut buffer(0)).unwrap();
    transform.synthesis(2, &spectrum, &mut values).unwrap();
    assert!(transform.set_radius(-1.0).is_err() && transform.set_radius(f64::NAN).is_err());
    assert_eq!(
        (transform.grid().name(), transform.truncation(), transform.radius()),
        ("F16", truncation, RADIUS)
    );
    let error = Transform::<f32>::with_device_engine(&grid, Truncation::new(32), Device::Cpu)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("T31"), "{error}");
}

#[test]
fn results_do_not_depend_on_earlier_calls() {
    for device in devices() {
        let (grid, total): (Grid, usize) = ("O16".parse().unwrap(), 17);
        let truncation = Truncation::new(total);
        let mut transform = transform::<f64>(device, &grid, total);
        let mut synthesis = |fields: usize| {
            let spectrum = upload(device, &noise(truncation.spectrum_len(fields), 1));
            let mut grid_fields = upload(device, &vec![f64::NAN; fields * grid.points()]);
            transform.synthesis(fields, &spectrum, &mut grid_fields).unwrap();
            values(&grid_fields)
        };
        // More numbers of fields than there are workspaces.
        let first = [1, 5, 70].map(&mut synthesis);
        assert_eq!(first, [1, 5, 70].map(&mut synthesis), "{device}");
    }
}

#[test]
fn no_more_than_two_workspaces_are_kept() {
    let (grid, truncation): (Grid, _) = ("O16".parse().unwrap(), Truncation::new(17));
    let mut engine = DeviceTransform::<f32>::new(&grid, truncation, None, Device::Cpu).unwrap();
    for fields in [1, 5, 70] {
        let spectrum = Buffer::zeros(Device::Cpu, truncation.spectrum_len(fields)).unwrap();
        let mut values = Buffer::zeros(Device::Cpu, fields * grid.points()).unwrap();
        let operation = Operation::scalar(RADIUS);
        engine
            .synthesize(
                operation,
                fields,
                &[("spectrum", &spectrum)],
                &mut [("values", &mut values)],
                &mut |_, _| None,
            )
            .unwrap();
        assert!(engine.workspaces.len() <= 2);
    }
}

#[test]
fn nan_stays_in_its_field() {
    for device in devices() {
        let (grid, total): (Grid, usize) = ("O16".parse().unwrap(), 17);
        let mut transform = transform::<f32>(device, &grid, total);
        let mut spectrum = noise(Truncation::new(total).spectrum_len(FIELDS), 1);
        spectrum[2 * FIELDS + 1] = f64::NAN;
        let operators = pairs_of_adjoints::<f32>();
        let fields = apply(&mut transform, operators[0].2, &[spectrum], 1, FIELDS * grid.points());
        for (field, values) in fields.chunks(grid.points()).enumerate() {
            assert!(values.iter().all(|value| value.is_nan() == (field == 1)), "{device}, field {field}");
        }
        let back =
            apply(&mut transform, operators[1].3, &[fields], 1, Truncation::new(total).spectrum_len(FIELDS));
        for (at, value) in back.iter().enumerate() {
            // The imaginary parts of m = 0 are 0 whatever happens.
            let is_zero = at / (2 * FIELDS) <= total && at / FIELDS % 2 == 1;
            assert_eq!(value.is_nan(), at % FIELDS == 1 && !is_zero, "{device}, place {at}");
        }
    }
}
