package main

import (
	"context"
	"errors"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"golang.org/x/sync/errgroup"
)

// table is the rows of one file.
type table struct {
	path    string
	schema  *arrow.Schema
	batches []arrow.RecordBatch
}

func (t table) rows() int64 {
	var rows int64
	for _, batch := range t.batches {
		rows += batch.NumRows()
	}
	return rows
}

func load(j *job) ([]table, error) {
	source, err := os.Open(j.Data)
	if err != nil {
		return nil, err
	}
	reader, err := ipc.NewFileReader(source)
	if err != nil {
		return nil, err
	}
	tables := make([]table, len(j.Files))
	for i, to := range j.Files {
		var fields []arrow.Field
		for _, name := range to.Columns {
			fields = append(fields, reader.Schema().Field(reader.Schema().FieldIndices(name)[0]))
		}
		tables[i] = table{path: to.Path, schema: arrow.NewSchema(fields, nil)}
	}
	for number := range reader.NumRecords() {
		batch, err := reader.RecordBatchAt(number)
		if err != nil {
			return nil, err
		}
		for i := range tables {
			tables[i].add(batch)
		}
	}
	return tables, nil
}

func (t *table) add(batch arrow.RecordBatch) {
	var columns []arrow.Array
	for _, field := range t.schema.Fields() {
		columns = append(columns, batch.Column(batch.Schema().FieldIndices(field.Name)[0]))
	}
	t.batches = append(t.batches, array.NewRecordBatch(t.schema, columns, batch.NumRows()))
}

func writeTables(j *job, tables []table) error {
	var group errgroup.Group
	if !j.tuned() {
		group.SetLimit(1)
	}
	for _, t := range tables {
		group.Go(func() error { return writeTable(j, t) })
	}
	return group.Wait()
}

func writeTable(j *job, t table) error {
	out, err := os.Create(t.path)
	if err != nil {
		return err
	}
	options := []parquet.WriterProperty{
		parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithCompressionLevel(j.Level),
	}
	for _, field := range t.schema.Fields() {
		if j.tuned() && field.Type.ID() == arrow.FIXED_SIZE_BINARY {
			options = append(options, parquet.WithDictionaryFor(field.Name, false))
		}
	}
	writer, err := pqarrow.NewFileWriter(t.schema, out, parquet.NewWriterProperties(options...),
		pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return err
	}
	for _, batch := range t.batches {
		if err := writer.WriteBuffered(batch); err != nil {
			return err
		}
	}
	return writer.Close() // closes the file as well
}

// open gives a reader of a file and the positions of the wanted columns.
func open(from dataFile, batchRows int64) (*file.Reader, *pqarrow.FileReader, []int, error) {
	source, err := file.OpenParquetFile(from.Path, false)
	if err != nil {
		return nil, nil, nil, err
	}
	properties := pqarrow.ArrowReadProperties{Parallel: true, BatchSize: batchRows}
	reader, err := pqarrow.NewFileReader(source, properties, memory.DefaultAllocator)
	if err != nil {
		return nil, nil, nil, err
	}
	var columns []int
	for _, name := range from.Columns {
		columns = append(columns, source.MetaData().Schema.ColumnIndexByName(name))
	}
	return source, reader, columns, nil
}

func read(j *job) (int64, []releasable, error) {
	var rows int64
	var kept []releasable
	for _, from := range j.Files {
		source, reader, columns, err := open(from, 0)
		if err != nil {
			return 0, nil, err
		}
		rowGroups := make([]int, source.NumRowGroups())
		for i := range rowGroups {
			rowGroups[i] = i
		}
		whole, err := reader.ReadRowGroups(context.Background(), columns, rowGroups)
		if err != nil {
			return 0, nil, err
		}
		source.Close()
		rows = whole.NumRows()
		kept = append(kept, whole)
	}
	return rows, kept, nil
}

func firstBatch(j *job) (int64, []releasable, error) {
	var rows int64
	var kept []releasable
	for _, from := range j.Files {
		source, reader, columns, err := open(from, 8192)
		if err != nil {
			return 0, nil, err
		}
		batches, err := reader.GetRecordReader(context.Background(), columns, nil)
		if err != nil {
			return 0, nil, err
		}
		if !batches.Next() {
			return 0, nil, errors.New("expected a batch")
		}
		batch := batches.RecordBatch()
		batch.Retain()
		batches.Release()
		source.Close()
		rows = batch.NumRows()
		kept = append(kept, batch)
	}
	return rows, kept, nil
}
