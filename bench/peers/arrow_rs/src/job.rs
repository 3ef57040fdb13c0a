//! One line of JSON on standard input says everything that is to be done.
use std::path::PathBuf;

use serde::Deserialize;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A file and the columns that it gets, or that are wanted of it.
#[derive(Deserialize)]
pub struct DataFile {
    pub path: PathBuf,
    pub columns: Vec<String>,
}

#[derive(Deserialize)]
pub struct Job {
    pub operation: String,
    pub data: PathBuf,
    pub files: Vec<DataFile>,
    pub take: Vec<usize>,
    pub repetitions: usize,
    pub level: i32,
    pub threads: usize,
    pub variant: String,
}

impl Job {
    pub fn from_stdin() -> Result<Job> {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }

    pub fn by_column(&self) -> bool {
        self.variant == "columns"
    }

    pub fn remove_files(&self) {
        for file in &self.files {
            // Absent before the first repetition.
            let _ = std::fs::remove_file(&file.path);
        }
    }
}
