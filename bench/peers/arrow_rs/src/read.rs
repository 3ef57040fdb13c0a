//! Parquet files to record batches.
use std::fs::File;
use std::path::Path;

use arrow::array::UInt64Array;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection, RowSelector};
use parquet::arrow::ProjectionMask;

use crate::job::{DataFile, Job, Result};
use crate::tasks;

/// By column; as it comes it is 1,024.
const BATCH_ROWS: usize = 65_536;

type Builder = ParquetRecordBatchReaderBuilder<File>;

fn open(path: &Path, columns: &[String]) -> Result<Builder> {
    let builder = Builder::try_new(File::open(path)?)?;
    let names = columns.iter().map(String::as_str);
    let mask = ProjectionMask::columns(builder.parquet_schema(), names);
    Ok(builder.with_projection(mask))
}

fn read_all(builder: Builder) -> Result<Vec<RecordBatch>> {
    Ok(builder.build()?.collect::<std::result::Result<Vec<_>, _>>()?)
}

fn rows_of(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// Every file as a whole, or every column of every file as a task.
pub fn read(job: &Job) -> Result<(usize, Vec<RecordBatch>)> {
    let parts = if job.by_column() {
        let columns = columns_by_size(&job.files)?;
        tasks::run(&columns, job.threads, |(_, path, name)| {
            read_all(open(path, std::slice::from_ref(name))?.with_batch_size(BATCH_ROWS))
        })?
    } else {
        let files = job.files.iter().map(|file| read_all(open(&file.path, &file.columns)?));
        files.collect::<Result<Vec<_>>>()?
    };
    let rows = rows_of(&parts[0]);
    Ok((rows, parts.into_iter().flatten().collect()))
}

/// The biggest first, so that no thread is left with it at the end.
fn columns_by_size(files: &[DataFile]) -> Result<Vec<(i64, &Path, String)>> {
    let mut columns = vec![];
    for file in files {
        let builder = open(&file.path, &file.columns)?;
        for name in &file.columns {
            let chunks = builder.metadata().row_groups().iter().flat_map(|group| group.columns());
            let own = chunks.filter(|chunk| chunk.column_path().string() == *name);
            let bytes = own.map(|chunk| chunk.uncompressed_size()).sum::<i64>();
            columns.push((bytes, file.path.as_path(), name.clone()));
        }
    }
    columns.sort_by_key(|(bytes, ..)| std::cmp::Reverse(*bytes));
    Ok(columns)
}

pub fn first_batch(job: &Job) -> Result<(usize, Vec<RecordBatch>)> {
    let mut batches = vec![];
    for file in &job.files {
        let mut reader = open(&file.path, &file.columns)?.with_batch_size(8192).build()?;
        batches.push(reader.next().ok_or("no batch")??);
    }
    let rows = batches[0].num_rows();
    Ok((rows, batches))
}

/// A selection skips what it does not need; order and duplicates are restored afterwards.
pub fn take_rows(job: &Job) -> Result<(usize, Vec<RecordBatch>)> {
    let mut wanted = job.take.clone();
    wanted.sort_unstable();
    wanted.dedup();
    let places = job.take.iter().map(|row| wanted.binary_search(row).map(|place| place as u64));
    let places = places.collect::<std::result::Result<Vec<_>, _>>();
    let places = UInt64Array::from(places.map_err(|_| "a row that is not wanted")?);
    let mut taken = vec![];
    for file in &job.files {
        let builder = open(&file.path, &file.columns)?;
        let batches = read_all(builder.with_row_selection(selection_of(&wanted)))?;
        let rows = concat_batches(&batches[0].schema(), &batches)?;
        taken.push(take_record_batch(&rows, &places)?);
    }
    Ok((job.take.len(), taken))
}

fn selection_of(sorted: &[usize]) -> RowSelection {
    let mut selectors = vec![];
    let mut next = 0;
    for row in sorted {
        selectors.push(RowSelector::skip(row - next));
        selectors.push(RowSelector::select(1));
        next = row + 1;
    }
    RowSelection::from(selectors)
}
