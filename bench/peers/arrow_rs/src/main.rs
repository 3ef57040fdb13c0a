//! The peer arrow-rs: see bench/peers/README.md for the protocol.
//!
//! `plain` uses `ArrowWriter` and `ParquetRecordBatchReader` as they come, on one thread;
//! `columns` gives every column a task, the biggest first, to as many threads as the job allows.
mod job;
mod process;
mod read;
mod tasks;
mod write;

use std::time::Instant;

use arrow::record_batch::RecordBatch;

use crate::job::{Job, Result};
use crate::process::Usage;

/// The rows of an operation, and what it read: kept until its memory is measured.
type Outcome = (usize, Vec<RecordBatch>);

fn perform(job: &Job, tables: &[write::Table]) -> Result<Outcome> {
    match job.operation.as_str() {
        "write" => {
            write::write(job, tables)?;
            Ok((tables[0].rows(), vec![]))
        }
        "read" | "projected" => read::read(job),
        "take" => read::take_rows(job),
        "first-batch" => read::first_batch(job),
        other => Err(format!("no operation {other}").into()),
    }
}

fn main() -> Result<()> {
    let job = Job::from_stdin()?;
    let tables = if job.operation == "write" { write::load(&job)? } else { vec![] };
    println!("{}", serde_json::json!({ "ready": { "arrow-rs": "60.1.0" } }));
    for _ in 0..job.repetitions {
        if job.operation == "write" {
            job.remove_files();
        }
        let before = Usage::begin();
        let start = Instant::now();
        let (rows, kept) = perform(&job, &tables)?;
        let seconds = start.elapsed().as_secs_f64();
        let used = before.end();
        println!(
            "{}",
            serde_json::json!({
                "seconds": seconds, "cpu": used.cpu, "rssBase": used.rss_base,
                "rssPeak": used.rss_peak, "rows": rows,
            })
        );
        drop(kept);
    }
    Ok(())
}
