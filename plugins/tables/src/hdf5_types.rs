//! Types of HDF5 datasets that are numbers.

use amplicast_sdk::{Error, Result};
use hdf5_pure::{Datatype, DatatypeByteOrder, FloatingPointLayout};

use crate::number::{Kind, Number};
use crate::record::{Declared, Record};

/// What an element of a dataset is.
pub enum Element {
    Number(Number),
    Record(Record),
}

/// What an element is, if it is made of numbers.
pub fn element(datatype: &Datatype) -> Result<Element> {
    let Datatype::Compound { size, members } = datatype else { return number(datatype).map(Element::Number) };
    // As h5py and MATLAB store them.
    if members.len() == 2 && members.iter().zip(["r", "i"]).all(|(member, name)| member.name == name) {
        return Err(Error::data(
            "expected floating-point numbers or integers, found complex numbers; save real and imaginary parts as columns of their \
             own",
        ));
    }
    let mut fields: Vec<Declared> = Vec::new();
    for member in members {
        let (of, count) = match &member.datatype {
            Datatype::Array { base_type, dimensions } => {
                (&**base_type, dimensions.iter().fold(1_usize, |count, &n| count.saturating_mul(n as usize)))
            }
            other => (other, 1),
        };
        fields.push(Declared {
            name: member.name.clone(),
            number: number(of),
            count,
            size: (of.type_size() as usize).saturating_mul(count),
            offset: usize::try_from(member.byte_offset).ok(),
        });
    }
    let mut record = Record::new(fields)?;
    record.size = record.size.max(*size as usize);
    Ok(Element::Record(record))
}

fn number(datatype: &Datatype) -> Result<Number> {
    let refuse = || {
        Err(Error::data(format!(
            "expected floating-point numbers or integers, found {datatype}; save them as such (`array.astype(\"f8\")`)"
        )))
    };
    let (kind, order) = match datatype {
        Datatype::FixedPoint { size: size @ (1 | 2 | 4 | 8), byte_order, layout }
            if layout.bit_offset == 0 && u32::from(layout.bit_precision) == 8 * size =>
        {
            let size = *size as usize;
            (if layout.signed { Kind::Signed(size) } else { Kind::Unsigned(size) }, byte_order)
        }
        Datatype::FloatingPoint { size: size @ (2 | 4 | 8), byte_order, layout } => {
            let ieee = match size {
                2 => FloatingPointLayout {
                    bit_offset: 0,
                    bit_precision: 16,
                    exponent_location: 10,
                    exponent_size: 5,
                    mantissa_location: 0,
                    mantissa_size: 10,
                    exponent_bias: 15,
                },
                4 => FloatingPointLayout::IEEE754_BINARY32,
                _ => FloatingPointLayout::IEEE754_BINARY64,
            };
            if *layout != ieee {
                return refuse();
            }
            (Kind::Float(*size as usize), byte_order)
        }
        // The booleans of h5py, and those of PyTables.
        Datatype::Enumeration { size: 1, members, .. }
            if members.iter().all(|m| ["FALSE", "TRUE"].contains(&m.name.as_str())) =>
        {
            return Ok(Number::little(Kind::Bool));
        }
        Datatype::BitField { size: 1, .. } => return Ok(Number::little(Kind::Bool)),
        _ => return refuse(),
    };
    match order {
        DatatypeByteOrder::LittleEndian => Ok(Number { kind, big: false }),
        DatatypeByteOrder::BigEndian => Ok(Number { kind, big: true }),
        DatatypeByteOrder::Vax => refuse(),
    }
}
