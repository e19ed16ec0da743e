//! A difference that a person can read.

/// Shows where two texts differ: the lines from the first to the last
/// difference, with some lines around them, at most [`SHOWN`] of each side.
pub(crate) fn show(name: &str, found: &str, wanted: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (found.lines().collect(), wanted.lines().collect());
    let first = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - first;
    let same_end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let mut text = format!("--- {name} (as it is)\n+++ {name} (as it should be)\n@@ line {} @@\n", first + 1);
    let around = first.saturating_sub(CONTEXT);
    old[around..first].iter().for_each(|line| push(&mut text, ' ', line));
    side(&mut text, '-', &old[first..old.len() - same_end]);
    side(&mut text, '+', &new[first..new.len() - same_end]);
    let end = old.len() - same_end;
    old[end..old.len().min(end + CONTEXT)].iter().for_each(|line| push(&mut text, ' ', line));
    text
}

/// How many lines are shown around a difference.
const CONTEXT: usize = 3;

/// How many lines of each side are shown.
const SHOWN: usize = 40;

fn side(text: &mut String, mark: char, lines: &[&str]) {
    lines.iter().take(SHOWN).for_each(|line| push(text, mark, line));
    if lines.len() > SHOWN {
        text.push_str(&format!("{mark} … and {} more lines\n", lines.len() - SHOWN));
    }
}

fn push(text: &mut String, mark: char, line: &str) {
    // A compact document is one line of a hundred thousand characters.
    let shown: String = line.chars().take(200).collect();
    text.push_str(&format!("{mark} {shown}\n"));
}
