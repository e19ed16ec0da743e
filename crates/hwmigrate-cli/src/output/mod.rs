//! Where results go: data to the standard output, words to the error stream.
//!
//! A result is a JSON value whatever the form; a table only shows chosen
//! columns of it. Nobody reading any more (a closed pipe) ends a command
//! quietly, unless there is work that it follows.

mod table;

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

pub(crate) use table::{Column, Show, bytes, column};

use crate::args::Format;
use crate::failure::Result;
use crate::plain::plain;

/// Writes the results of one command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
    quiet: bool,
}

impl Output {
    /// An output in this form; `quiet` drops what is for people.
    pub(crate) fn new(format: Format, quiet: bool) -> Self {
        Self { format, quiet }
    }

    /// The form of the data.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Whether the data is for people rather than for programs.
    pub(crate) fn is_for_people(&self) -> bool {
        self.format == Format::Table
    }

    /// Whether nothing but errors is for people.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Tells people something.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if !self.quiet {
            // Without anybody to tell, the command still does its work.
            let _ = writeln!(io::stderr().lock(), "{}", plain(text.as_ref()));
        }
    }

    /// Writes one result: `columns` choose what a table shows, one line each.
    pub(crate) fn record(&self, value: &Value, columns: &[Column]) -> Result<()> {
        match self.format {
            Format::Table => self.text(&table::vertical(value, columns)),
            Format::Json | Format::Ndjson => self.json(value),
        }
    }

    /// Tells that a request was accepted: a line for people, an object for programs.
    pub(crate) fn accepted(&self, value: &Value, words: &str) -> Result<()> {
        self.note(words);
        match self.format {
            Format::Table => Ok(()),
            Format::Json | Format::Ndjson => self.json(value),
        }
    }

    /// Begins a list.
    pub(crate) fn rows<'a>(&self, columns: &'a [Column]) -> Rows<'a> {
        Rows { output: *self, columns, kept: Vec::new() }
    }

    /// Writes one JSON line, whatever the form: for streams of events.
    pub(crate) fn line(&self, value: &Value) -> Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{value}")?;
        Ok(out.flush()?)
    }

    /// Writes text as it is.
    pub(crate) fn text(&self, text: &str) -> Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        Ok(out.flush()?)
    }

    fn json(&self, value: &Value) -> Result<()> {
        // Only people need line breaks; programs read lines.
        if self.format == Format::Json && io::stdout().is_terminal() {
            return self.text(&format!("{value:#}\n"));
        }
        self.line(value)
    }
}

/// A list that is written in the output's form: at once as NDJSON, at the end otherwise.
#[must_use = "a list is written by `finish`"]
pub(crate) struct Rows<'a> {
    output: Output,
    columns: &'a [Column],
    kept: Vec<Value>,
}

impl Rows<'_> {
    /// Adds one entry.
    pub(crate) fn push(&mut self, value: Value) -> Result<()> {
        if self.output.format == Format::Ndjson {
            return self.output.line(&value);
        }
        self.kept.push(value);
        Ok(())
    }

    /// Writes what was kept back.
    pub(crate) fn finish(self) -> Result<()> {
        match self.output.format {
            Format::Ndjson => Ok(()),
            Format::Json => self.output.json(&Value::Array(self.kept)),
            Format::Table if self.kept.is_empty() => {
                self.output.note("nothing found");
                Ok(())
            }
            Format::Table => self.output.text(&table::horizontal(&self.kept, self.columns)),
        }
    }
}
