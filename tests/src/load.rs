//! What both benchmark clients do alike: read the orders, repeat the call, report.
//!
//! A client is started as `PROGRAM URL WORKLOAD COUNT`. It runs on one thread,
//! so that the time on the processor is the time of the calls, and ends with
//! one JSON line on standard output.

use std::error::Error;
use std::future::Future;
use std::io::Write as _;
use std::time::Instant;
use std::{env, fs};

/// The made-up project of the benchmark's server.
pub const PROJECT: &str = "0215ef11e49d4743be23dd97a1561e91";
/// The task that its single answer describes.
pub const TASK: i64 = 200_477_729_979_132;
/// How many tasks one page of its list holds.
pub const PAGE: usize = 100;
/// Calls under way at once in the concurrent workload.
pub const IN_FLIGHT: usize = 32;

/// Calls before the clock starts, so that connections are open and caches warm.
const WARM_UP: usize = 20;

/// Any failure of a benchmark.
pub type Failure = Box<dyn Error + Send + Sync>;

/// What to repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Read one task, call after call.
    Sequential,
    /// Read one task, 32 calls at a time.
    Concurrent,
    /// Read a page of 100 tasks, call after call.
    List,
    /// Read one task once, without any warming up.
    One,
}

/// The orders of one run.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Where the server listens.
    pub url: String,
    /// What to repeat.
    pub workload: Workload,
    /// How often.
    pub count: usize,
}

impl Orders {
    /// Reads the command line.
    ///
    /// # Errors
    /// When it is not `URL WORKLOAD COUNT`.
    pub fn read() -> Result<Self, Failure> {
        let words: Vec<String> = env::args().skip(1).collect();
        let [url, workload, count] = words.as_slice() else {
            return Err("start with URL WORKLOAD COUNT".into());
        };
        let workload = match workload.as_str() {
            "sequential" => Workload::Sequential,
            "concurrent" => Workload::Concurrent,
            "list" => Workload::List,
            "one" => Workload::One,
            other => return Err(format!("unknown workload {other}").into()),
        };
        Ok(Self { url: url.clone(), workload, count: count.parse()? })
    }
}

/// A token as long as real ones are.
pub fn token() -> String {
    "M".repeat(1500)
}

/// Repeats `call` as ordered and prints what it cost.
///
/// `call` makes one request and checks the answer.
///
/// # Errors
/// The first failure of `call`.
pub async fn drive<C, F>(orders: &Orders, call: C) -> Result<(), Failure>
where
    C: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), Failure>> + Send,
{
    if orders.workload == Workload::One {
        call().await?;
        return report(0, 0);
    }
    repeat(orders, WARM_UP.max(IN_FLIGHT), call.clone()).await?;
    let (wall, cpu) = (Instant::now(), processor_time()?);
    repeat(orders, orders.count, call).await?;
    report(processor_time()? - cpu, wall.elapsed().as_nanos())
}

async fn repeat<C, F>(orders: &Orders, count: usize, call: C) -> Result<(), Failure>
where
    C: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), Failure>> + Send,
{
    if orders.workload != Workload::Concurrent {
        for _ in 0..count {
            call().await?;
        }
        return Ok(());
    }
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let call = call.clone();
        workers.spawn(async move {
            for _ in 0..count / IN_FLIGHT {
                call().await?;
            }
            Ok::<_, Failure>(())
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended??;
    }
    Ok(())
}

/// Nanoseconds that all threads of this process have spent on a processor, in user and kernel mode.
fn processor_time() -> Result<u128, Failure> {
    let mut total = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let line = fs::read_to_string(thread?.path().join("schedstat"))?;
        total += line.split(' ').next().unwrap_or_default().parse::<u128>()?;
    }
    Ok(total)
}

/// The largest amount of memory this process has held, in KiB.
fn peak_memory() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in /proc/self/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn report(cpu: u128, wall: u128) -> Result<(), Failure> {
    let total = processor_time()?;
    let line = format!(
        "{{\"cpu_ns\":{cpu},\"wall_ns\":{wall},\"process_cpu_ns\":{total},\"peak_kib\":{}}}",
        peak_memory()?
    );
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}
