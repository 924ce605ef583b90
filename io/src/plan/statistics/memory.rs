//! A series in a checkpoint: all numbers bit by bit.

use super::Settings;
use super::series::{Last, NEEDED_BY, Series};
use crate::plan::state::{Reader, Writer};

impl Series {
    pub(super) fn write(&self, writer: &mut Writer) {
        writer.metadata(&self.last_metadata);
        writer.option(self.last.as_ref(), |writer, last| {
            writer.time(last.time);
            writer.number(last.points as u64);
            writer.values(&last.values);
        });
        // Between two windows all else is left over from the last one.
        writer.option(self.window, |writer, (begin, end)| {
            writer.time(begin);
            writer.time(end);
            writer.option(self.baseline.as_deref(), Writer::values);
            writer.option(self.offset.as_deref(), Writer::values);
            writer.number(u64::from(self.fields));
            writer.counts(&self.count);
            self.arrays().into_iter().for_each(|array| writer.values(array));
        });
    }

    /// None where it is no series of such a plan.
    pub(super) fn read(reader: &mut Reader<'_>, settings: &Settings) -> Option<Self> {
        let mut series = Self::after(reader.metadata()?);
        series.last = reader.option(|reader| {
            let (time, points) = (reader.time()?, reader.length()?);
            Some(Last { time, points, values: reader.values()? })
        })?;
        let points = series.points()?;
        let kept = series.last.as_ref().map_or(0, |last| last.values.len());
        if kept != if settings.keeps_fields() { points } else { 0 } {
            return None;
        }
        let window = reader.option(|reader| {
            let window = (reader.time()?, reader.time()?);
            series.baseline = reader.option(Reader::values)?;
            series.offset = reader.option(Reader::values)?;
            series.fields = u32::try_from(reader.number()?).ok()?;
            series.count = reader.counts()?;
            for array in series.arrays_mut() {
                *array = reader.values()?;
            }
            Some(window)
        })?;
        series.window = window;
        let is_whole = |array: &[f64]| array.len() == points;
        let ends = [&series.baseline, &series.offset];
        let whole = window.is_none()
            || series
                .arrays()
                .iter()
                .zip(NEEDED_BY)
                .all(|(array, names)| array.len() == settings.length(names, points))
                && ends.into_iter().flatten().all(|array| is_whole(array))
                && (series.count.is_empty() || series.count.len() == points);
        whole.then_some(series)
    }
}
