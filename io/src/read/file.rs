//! A GRIB file: its messages' headers, and fields on request.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::decode::{self, Field, Missing, Spectrum};
use super::header::{Header, Names};
use super::points;
use super::scan::{self, Place};
use super::selection::Selection;
use super::split;
use super::verify;
use crate::eccodes::Message;
use crate::error::{Error, Result};
use crate::layout::Layout;

/// Standard gravity [m s⁻²], which turns geopotential into geopotential height (WMO).
const STANDARD_GRAVITY: f64 = 9.80665;

/// An opened GRIB1 or GRIB2 file with the headers of all its fields. Values are read when asked for.
#[derive(Debug)]
pub struct GribFile {
    path: PathBuf,
    places: Vec<Place>,
    headers: Vec<Header>,
}

impl GribFile {
    /// Finds all messages and decodes their headers.
    ///
    /// Errors: the file is missing, empty, no GRIB, truncated or damaged; ecCodes is not installed.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut file = File::open(path).map_err(|source| Error::file(path, "opening", source))?;
        let places = scan::places(path, &mut file)?;
        let mut headers = Vec::with_capacity(places.len());
        let mut names = Names::new();
        for (message, place) in places.iter().enumerate() {
            let damaged = |reason| damaged(path, message, place, reason);
            let fields = split::fields(read(path, &mut file, place)?).map_err(damaged)?;
            for (field, bytes) in fields.iter().enumerate() {
                verify::field(bytes).map_err(damaged)?;
                let header = Message::from_bytes(bytes)
                    .and_then(|handle| Header::read(&handle, message, field, &mut names))
                    .map_err(|error| refine(error, damaged))?;
                headers.push(header);
            }
        }
        Ok(Self { path: path.to_owned(), places, headers })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The headers of all fields, in the file's order.
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The first field that matches; an error that lists what the file has instead.
    pub fn find(&self, selection: &Selection) -> Result<&Header> {
        self.headers.iter().find(|header| selection.matches(header)).ok_or_else(|| Error::NotFound {
            path: self.path.clone(),
            wanted: selection.to_string(),
            found: selection.explain(&self.headers),
        })
    }

    /// The first matching field, decoded; every point must have a value.
    pub fn field(&self, selection: &Selection) -> Result<Field> {
        self.decode(self.find(selection)?, Missing::Refuse)
    }

    /// Geopotential height (m) by `selection`, whose parameter is replaced: `gh`, or else `z` / 9.80665 m s⁻².
    pub fn geopotential_height(&self, selection: &Selection) -> Result<Field> {
        let [height, geopotential] = ["gh", "z"].map(|parameter| selection.clone().of(parameter));
        if let Ok(header) = self.find(&height) {
            return self.decode(header, Missing::Refuse);
        }
        let Ok(header) = self.find(&geopotential) else {
            // The file may have neither, or one of them elsewhere: tell about the one that it has.
            let has_geopotential = self.headers.iter().any(|header| geopotential.is_parameter(header));
            return Err(self.find(if has_geopotential { &geopotential } else { &height }).unwrap_err());
        };
        let mut field = self.decode(header, Missing::Refuse)?;
        for value in &mut field.values {
            *value /= STANDARD_GRAVITY;
        }
        field.header.short_name = "gh".into();
        field.header.parameter = 156;
        field.header.name = "Geopotential height".into();
        field.header.units = "gpm".into();
        Ok(field)
    }

    /// The field of a header of this file, on points.
    pub fn decode(&self, header: &Header, missing: Missing) -> Result<Field> {
        let (handle, place) = self.handle(header)?;
        decode::field(handle, header.clone(), missing)
            .map_err(|error| refine(error, |reason| damaged(&self.path, header.message, &place, reason)))
    }

    /// Where the points of a header of this file are.
    pub(super) fn layout(&self, header: &Header) -> Result<Layout> {
        let (handle, place) = self.handle(header)?;
        points::read(&handle, header)
            .map(|points| points.layout)
            .map_err(|error| refine(error, |reason| damaged(&self.path, header.message, &place, reason)))
    }

    /// Bytes of the message of a header of this file; 0 where it has none.
    pub(super) fn length(&self, header: &Header) -> u64 {
        self.places.get(header.message).map_or(0, |place| place.length)
    }

    /// The spherical harmonics of a header of this file whose grid is `sh`.
    pub fn decode_spectrum(&self, header: &Header) -> Result<Spectrum> {
        let (handle, place) = self.handle(header)?;
        decode::spectrum(&handle, header.clone())
            .map_err(|error| refine(error, |reason| damaged(&self.path, header.message, &place, reason)))
    }

    /// The vertical coordinate in a header's message: A (Pa) of all half levels from the top, then their B.
    pub fn vertical_coordinate(&self, header: &Header) -> Result<Vec<f64>> {
        let (handle, place) = self.handle(header)?;
        handle
            .doubles("pv")
            .map_err(|error| refine(error, |reason| damaged(&self.path, header.message, &place, reason)))
    }

    /// The message of a header's field, as bytes that stand alone.
    pub fn message(&self, header: &Header) -> Result<Vec<u8>> {
        let place = self.place(header)?;
        let mut file = File::open(&self.path).map_err(|source| Error::file(&self.path, "opening", source))?;
        let bytes = read(&self.path, &mut file, &place)?;
        let fields =
            split::fields(bytes).map_err(|reason| damaged(&self.path, header.message, &place, reason))?;
        fields.into_iter().nth(header.field).ok_or_else(|| {
            damaged(&self.path, header.message, &place, "the file changed since it was opened".into())
        })
    }

    fn place(&self, header: &Header) -> Result<Place> {
        self.places.get(header.message).copied().ok_or_else(|| Error::InvalidValue {
            name: "header".into(),
            got: format!("message {}", header.message + 1),
            expected: format!(
                "a header of '{}', which has {} messages",
                self.path.display(),
                self.places.len()
            ),
        })
    }

    /// The message of a header's field.
    pub(super) fn opened(&self, header: &Header) -> Result<Message> {
        self.handle(header).map(|(handle, _)| handle)
    }

    fn handle(&self, header: &Header) -> Result<(Message, Place)> {
        let place = self.place(header)?;
        let handle = Message::from_bytes(&self.message(header)?)
            .map_err(|error| refine(error, |reason| damaged(&self.path, header.message, &place, reason)))?;
        Ok((handle, place))
    }
}

pub(super) fn read(path: &Path, file: &mut File, place: &Place) -> Result<Vec<u8>> {
    let mut bytes = vec![0; place.length as usize];
    file.seek(SeekFrom::Start(place.offset))
        .and_then(|_| file.read_exact(&mut bytes))
        .map_err(|source| Error::file(path, "reading", source))?;
    Ok(bytes)
}

fn damaged(path: &Path, message: usize, place: &Place, reason: String) -> Error {
    Error::Damaged { path: path.into(), message: message + 1, offset: place.offset, reason }
}

/// An error of ecCodes on a message of a file gets the file's name and the message's place.
fn refine(error: Error, damaged: impl FnOnce(String) -> Error) -> Error {
    match error {
        Error::Codes { operation, reason } => damaged(format!("{operation} failed: {reason}")),
        Error::InvalidValue { name, got, expected } => {
            damaged(format!("'{name}' is {got}, expected {expected}"))
        }
        other => other,
    }
}
