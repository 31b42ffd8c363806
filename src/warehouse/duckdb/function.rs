//! Functions of translated Snowflake statements that the engine has not, and SQL cannot say: number models, SHA-2 of any length,
//! and files of stages.

use std::error::Error;
use std::sync::Arc;

use duckdb::Connection;
use duckdb::arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch, StringArray};
use duckdb::arrow::datatypes::{DataType, Int32Type};
use duckdb::vscalar::{ArrowFunctionSignature, VArrowScalar};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::super::stores::Reach;
use super::records;
use crate::sql::{FileFormat, NumberFormat};

/// Registers the functions for all connections to an instance.
pub(super) fn register(connection: &Connection, reach: &Reach) -> duckdb::Result<()> {
    connection.register_scalar_function::<NumberText>("sf_number_by")?;
    connection.register_scalar_function::<TextNumber>("sf_try_number_of")?;
    connection.register_scalar_function::<Sha2>("sf_sha2")?;
    connection.register_scalar_function_with_state::<Records>("sf_records", reach)?;
    connection.register_scalar_function_with_state::<WriteFile>("sf_write_file", reach)?;
    connection.register_scalar_function_with_state::<RemoveFile>("sf_remove_file", reach)
}

type Made = Result<Arc<dyn Array>, Box<dyn Error>>;

/// A column of texts; each NULL row is none.
fn texts(column: &ArrayRef) -> Result<impl Iterator<Item = Option<&str>>, Box<dyn Error>> {
    Ok(column.as_string_opt::<i32>().ok_or("a text is expected")?.iter())
}

/// A text made from a text and the model beside it, for each row that has both.
fn by_model(input: &RecordBatch, make: impl Fn(&NumberFormat, &str) -> Option<String>) -> Made {
    let mut known: Option<(&str, NumberFormat)> = None;
    let mut made: Vec<Option<String>> = Vec::with_capacity(input.num_rows());
    for row in texts(input.column(0))?.zip(texts(input.column(1))?) {
        let (Some(text), Some(model)) = row else {
            made.push(None);
            continue;
        };
        let (_, format) = match known.take().filter(|(before, _)| *before == model) {
            Some(kept) => known.insert(kept),
            None => {
                let format = NumberFormat::parse(model).map_err(|what| format!("`{what}` in the format `{model}`"))?;
                known.insert((model, format))
            }
        };
        made.push(make(format, text));
    }
    Ok(Arc::new(StringArray::from(made)))
}

/// A number as its model writes it.
struct NumberText;

impl VArrowScalar for NumberText {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Made {
        by_model(&input, |format, number| Some(format.print(number)))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        vec![ArrowFunctionSignature::exact(vec![DataType::Utf8, DataType::Utf8], DataType::Utf8)]
    }
}

/// The number that a text is by a model; NULL if it does not follow it.
struct TextNumber;

impl VArrowScalar for TextNumber {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Made {
        by_model(&input, NumberFormat::read)
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        vec![ArrowFunctionSignature::exact(vec![DataType::Utf8, DataType::Utf8], DataType::Utf8)]
    }
}

/// The records of a staged file, as JSON: where it lies, what identifies its content, and what is in it.
struct Records;

impl VArrowScalar for Records {
    type State = Reach;

    fn invoke(reach: &Reach, input: RecordBatch) -> Made {
        let mut made: Vec<Option<String>> = Vec::with_capacity(input.num_rows());
        let rows = texts(input.column(0))?.zip(texts(input.column(1))?).zip(texts(input.column(2))?);
        for ((place, key), format) in rows {
            let (Some(place), Some(key), Some(format)) = (place, key, format) else {
                made.push(None);
                continue;
            };
            let format = FileFormat::parse(format).ok_or("a file format is expected")?;
            made.push(Some(records::read(place, reach.read(place, key)?, &format)?));
        }
        Ok(Arc::new(StringArray::from(made)))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        vec![ArrowFunctionSignature::exact(vec![DataType::Utf8, DataType::Utf8, DataType::Utf8], DataType::Utf8)]
    }
}

/// Writes a text into a file, and gives the file's size.
struct WriteFile;

impl VArrowScalar for WriteFile {
    type State = Reach;

    fn invoke(reach: &Reach, input: RecordBatch) -> Made {
        let mut sizes: Vec<Option<i64>> = Vec::with_capacity(input.num_rows());
        let rows = texts(input.column(0))?.zip(texts(input.column(1))?).zip(texts(input.column(2))?);
        for ((place, text), how) in rows {
            let (Some(place), Some(text), Some(how)) = (place, text, how) else {
                sizes.push(None);
                continue;
            };
            let bytes = records::bytes_of(text, how)?;
            let size = i64::try_from(bytes.len())?;
            reach.write(place, bytes, how.starts_with("OVERWRITE"))?;
            sizes.push(Some(size));
        }
        Ok(Arc::new(Int64Array::from(sizes)))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        vec![ArrowFunctionSignature::exact(vec![DataType::Utf8, DataType::Utf8, DataType::Utf8], DataType::Int64)]
    }

    fn volatile() -> bool {
        true
    }
}

/// Removes a file, and says that it did or why it could not.
struct RemoveFile;

impl VArrowScalar for RemoveFile {
    type State = Reach;

    fn invoke(reach: &Reach, input: RecordBatch) -> Made {
        let removed = |place: &str| reach.remove(place).err().unwrap_or_else(|| "removed".to_owned());
        let said: Vec<Option<String>> = texts(input.column(0))?.map(|place| place.map(removed)).collect();
        Ok(Arc::new(StringArray::from(said)))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        vec![ArrowFunctionSignature::exact(vec![DataType::Utf8], DataType::Utf8)]
    }

    fn volatile() -> bool {
        true
    }
}

/// The SHA-2 digest of bytes, of so many bits.
struct Sha2;

impl VArrowScalar for Sha2 {
    type State = ();

    fn invoke((): &(), input: RecordBatch) -> Made {
        let bytes = input.column(0).as_binary_opt::<i32>().ok_or("bytes are expected")?;
        let bits = input.column(1).as_primitive_opt::<Int32Type>().ok_or("a number of bits is expected")?;
        let mut digests: Vec<Option<Vec<u8>>> = Vec::with_capacity(input.num_rows());
        for row in bytes.iter().zip(bits.iter()) {
            let (Some(bytes), Some(bits)) = row else {
                digests.push(None);
                continue;
            };
            digests.push(Some(match bits {
                224 => Sha224::digest(bytes).to_vec(),
                0 | 256 => Sha256::digest(bytes).to_vec(),
                384 => Sha384::digest(bytes).to_vec(),
                512 => Sha512::digest(bytes).to_vec(),
                bits => return Err(format!("a digest of {bits} bits: SHA-2 has 224, 256, 384 and 512").into()),
            }));
        }
        Ok(Arc::new(BinaryArray::from_iter(digests)))
    }

    fn signatures() -> Vec<ArrowFunctionSignature> {
        vec![ArrowFunctionSignature::exact(vec![DataType::Binary, DataType::Int32], DataType::Binary)]
    }
}
