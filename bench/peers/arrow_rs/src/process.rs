//! Processor time and memory of this process.
use std::fs;

pub struct Usage {
    cpu: f64,
    rss_base: u64,
}

pub struct Used {
    pub cpu: f64,
    pub rss_base: u64,
    pub rss_peak: u64,
}

impl Usage {
    /// Forgets the peak so far, so that `end` gives the one of what lies between.
    pub fn begin() -> Usage {
        // Refused in some containers; the peak is then that of the whole process.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Usage { cpu: cpu_seconds(), rss_base: status_bytes("VmRSS:") }
    }

    pub fn end(self) -> Used {
        let cpu = cpu_seconds() - self.cpu;
        Used { cpu, rss_base: self.rss_base, rss_peak: status_bytes("VmHWM:") }
    }
}

fn status_bytes(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kibibytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    1024 * kibibytes.unwrap_or(0)
}

/// User and system time of all threads.
fn cpu_seconds() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage fills the struct that it is given; zeros are a valid one.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
