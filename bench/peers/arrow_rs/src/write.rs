//! Record batches to Parquet files.
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use arrow::datatypes::{DataType, Schema};
use arrow::ipc::reader::FileReader;
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_writer::{
    compute_leaves, ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory,
};
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use crate::job::{Job, Result};
use crate::tasks;

/// The rows of one file.
pub struct Table {
    path: PathBuf,
    batches: Vec<RecordBatch>,
}

impl Table {
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn schema(&self) -> Arc<Schema> {
        self.batches[0].schema()
    }
}

pub fn load(job: &Job) -> Result<Vec<Table>> {
    let reader = FileReader::try_new(File::open(&job.data)?, None)?;
    let batches = reader.collect::<std::result::Result<Vec<_>, _>>()?;
    let tables = job.files.iter().map(|file| {
        let schema = batches[0].schema();
        let columns = file.columns.iter().map(|name| schema.index_of(name));
        let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
        let parts = batches.iter().map(|batch| batch.project(&columns));
        let batches = parts.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Table { path: file.path.clone(), batches })
    });
    tables.collect()
}

pub fn write(job: &Job, tables: &[Table]) -> Result<()> {
    if job.by_column() {
        return write_by_column(job, tables);
    }
    for table in tables {
        let file = File::create(&table.path)?;
        let properties = properties(job, &table.schema())?;
        let mut writer = ArrowWriter::try_new(file, table.schema(), Some(properties))?;
        for batch in &table.batches {
            writer.write(batch)?;
        }
        writer.close()?;
    }
    Ok(())
}

/// By column, vectors go without the dictionary that they can only lose by.
fn properties(job: &Job, schema: &Schema) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(job.level)?;
    let mut builder = WriterProperties::builder().set_compression(Compression::ZSTD(level));
    for field in schema.fields() {
        if job.by_column() && matches!(field.data_type(), DataType::FixedSizeBinary(_)) {
            let column = ColumnPath::from(field.name().as_str());
            builder = builder.set_column_dictionary_enabled(column, false);
        }
    }
    Ok(builder.build())
}

/// One column of one file, which is one row group here.
struct Column<'a> {
    table: usize,
    index: usize,
    bytes: usize,
    batches: &'a [RecordBatch],
    writer: Mutex<Option<ArrowColumnWriter>>,
}

impl Column<'_> {
    fn encode(&self) -> Result<(usize, usize, ArrowColumnChunk)> {
        let mut writer = self.writer.lock().unwrap().take().ok_or("a column is written once")?;
        for batch in self.batches {
            let schema = batch.schema();
            for leaf in compute_leaves(schema.field(self.index), batch.column(self.index))? {
                writer.write(&leaf)?;
            }
        }
        Ok((self.table, self.index, writer.close()?))
    }
}

fn write_by_column(job: &Job, tables: &[Table]) -> Result<()> {
    let mut files = vec![];
    let mut columns = vec![];
    for (number, table) in tables.iter().enumerate() {
        let schema = table.schema();
        let properties = Arc::new(properties(job, &schema)?);
        let parquet = ArrowSchemaConverter::new().convert(&schema)?;
        let file = File::create(&table.path)?;
        let file = SerializedFileWriter::new(file, parquet.root_schema_ptr(), properties)?;
        let factory = ArrowRowGroupWriterFactory::new(&file, schema);
        for (index, writer) in factory.create_column_writers(0)?.into_iter().enumerate() {
            let arrays = table.batches.iter().map(|batch| batch.column(index));
            let bytes = arrays.map(|array| array.get_array_memory_size()).sum();
            let (batches, writer) = (table.batches.as_slice(), Mutex::new(Some(writer)));
            columns.push(Column { table: number, index, bytes, batches, writer });
        }
        files.push(file);
    }
    columns.sort_by_key(|column| std::cmp::Reverse(column.bytes));
    let mut chunks = tasks::run(&columns, job.threads, Column::encode)?;
    chunks.sort_by_key(|(table, index, _)| (*table, *index));
    let mut chunks = chunks.into_iter().peekable();
    for (number, mut file) in files.into_iter().enumerate() {
        let mut row_group = file.next_row_group()?;
        while let Some((_, _, chunk)) = chunks.next_if(|(table, ..)| *table == number) {
            chunk.append_to_row_group(&mut row_group)?;
        }
        row_group.close()?;
        file.close()?;
    }
    Ok(())
}
