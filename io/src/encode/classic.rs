//! The header of NetCDF's classic format with 64-bit offsets (CDF-2).
//!
//! Source: NetCDF User's Guide, appendix "File Format Specifications", classic format. All numbers are big-endian and
//! everything is padded to four bytes. Records follow the fixed variables; their number is bytes 4 to 8.

/// A type of NetCDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Char,
    Float,
    Double,
}

impl Kind {
    fn tag(self) -> u32 {
        match self {
            Self::Char => 2,
            Self::Float => 5,
            Self::Double => 6,
        }
    }

    pub(super) fn bytes(self) -> u64 {
        match self {
            Self::Char => 1,
            Self::Float => 4,
            Self::Double => 8,
        }
    }
}

/// Value of an attribute.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Float(f32),
    Double(f64),
}

pub(super) type Attributes = Vec<(String, Value)>;

#[derive(Debug)]
pub(super) struct Dimension {
    pub(super) name: &'static str,
    /// None: grows with the records.
    pub(super) length: Option<usize>,
}

#[derive(Debug)]
pub(super) struct ClassicVariable {
    pub(super) name: String,
    /// Positions in the list of dimensions.
    pub(super) dimensions: Vec<usize>,
    pub(super) attributes: Attributes,
    pub(super) kind: Kind,
}

/// Where things are in the file.
#[derive(Debug)]
pub(super) struct Plan {
    /// The header with no records.
    pub(super) header: Vec<u8>,
    /// First byte of the first record: all fixed variables lie before it.
    pub(super) records: u64,
    /// Bytes of one record.
    pub(super) record: u64,
}

/// Byte of the number of records.
pub(super) const RECORD_COUNT: u64 = 4;

/// The largest slab of one variable in one record that 32 bits can tell.
pub(super) const LARGEST_SLAB: u64 = u32::MAX as u64 - 3;

/// Lays out a file. The record dimension, if any, comes first in a variable's dimensions.
pub(super) fn plan(
    dimensions: &[Dimension],
    attributes: &Attributes,
    variables: &[ClassicVariable],
) -> Result<Plan, String> {
    let is_record = |variable: &ClassicVariable| {
        variable.dimensions.first().is_some_and(|&dimension| dimensions[dimension].length.is_none())
    };
    let slabs: Vec<u64> = variables
        .iter()
        .map(|variable| {
            let points: u64 = variable
                .dimensions
                .iter()
                .filter_map(|&dimension| dimensions[dimension].length)
                .map(|length| length as u64)
                .product();
            (points * variable.kind.bytes()).next_multiple_of(4)
        })
        .collect();
    if let Some((variable, slab)) = variables.iter().zip(&slabs).find(|(_, slab)| **slab > LARGEST_SLAB) {
        return Err(format!("{slab} bytes of '{}' at once", variable.name));
    }
    // The header's length does not depend on the offsets in it: write it twice.
    let length = header(dimensions, attributes, variables, &slabs, &vec![0; variables.len()]).len() as u64;
    let mut position = length;
    let mut begins = vec![0; variables.len()];
    for in_records in [false, true] {
        for (index, variable) in variables.iter().enumerate() {
            if is_record(variable) == in_records {
                begins[index] = position;
                position += slabs[index];
            }
        }
    }
    let record = (0..variables.len()).filter(|&index| is_record(&variables[index])).map(|i| slabs[i]).sum();
    let header = header(dimensions, attributes, variables, &slabs, &begins);
    Ok(Plan { header, records: position - record, record })
}

fn header(
    dimensions: &[Dimension],
    attributes: &Attributes,
    variables: &[ClassicVariable],
    slabs: &[u64],
    begins: &[u64],
) -> Vec<u8> {
    let mut bytes = b"CDF\x02\0\0\0\0".to_vec();
    list(&mut bytes, 0x0a, dimensions.len());
    for dimension in dimensions {
        text(&mut bytes, dimension.name);
        number(&mut bytes, dimension.length.unwrap_or(0) as u32);
    }
    attribute_list(&mut bytes, attributes);
    list(&mut bytes, 0x0b, variables.len());
    for ((variable, slab), begin) in variables.iter().zip(slabs).zip(begins) {
        text(&mut bytes, &variable.name);
        number(&mut bytes, variable.dimensions.len() as u32);
        for &dimension in &variable.dimensions {
            number(&mut bytes, dimension as u32);
        }
        attribute_list(&mut bytes, &variable.attributes);
        number(&mut bytes, variable.kind.tag());
        number(&mut bytes, *slab as u32);
        bytes.extend(begin.to_be_bytes());
    }
    bytes
}

fn attribute_list(bytes: &mut Vec<u8>, attributes: &Attributes) {
    list(bytes, 0x0c, attributes.len());
    for (name, value) in attributes {
        text(bytes, name);
        match value {
            Value::Text(value) => {
                number(bytes, 2);
                text(bytes, value);
            }
            Value::Float(value) => {
                number(bytes, Kind::Float.tag());
                number(bytes, 1);
                bytes.extend(value.to_be_bytes());
            }
            Value::Double(value) => {
                number(bytes, Kind::Double.tag());
                number(bytes, 1);
                bytes.extend(value.to_be_bytes());
            }
        }
    }
}

/// An empty list has no tag.
fn list(bytes: &mut Vec<u8>, tag: u32, length: usize) {
    number(bytes, if length == 0 { 0 } else { tag });
    number(bytes, length as u32);
}

fn number(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend(value.to_be_bytes());
}

/// Length, bytes, zeros up to a multiple of four.
fn text(bytes: &mut Vec<u8>, text: &str) {
    number(bytes, text.len() as u32);
    bytes.extend(text.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}
