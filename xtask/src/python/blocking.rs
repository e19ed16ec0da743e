//! The blocking client, derived from the one for asyncio.
//!
//! `_async/*.py` is written by hand; every statement of it has a blocking
//! twin, so the twin is made by exchanging words, line by line. What must not
//! be exchanged is not written in those files.

/// Words, and what they become. Longer ones come first.
const WORDS: &[(&str, &str)] = &[
    ("hwmigrate.generated.aio", "hwmigrate.generated.blocking"),
    ("hwmigrate._async", "hwmigrate.generated.blocking"),
    ("import start as go", "import block as go"),
    ("import any_observer as observed", "import plain_observer as observed"),
    ("import tell_any as tell", "import tell_plain as tell"),
    ("async def ", "def "),
    ("async for ", "for "),
    ("async with ", "with "),
    ("await ", ""),
    ("__aiter__", "__iter__"),
    ("__anext__", "__next__"),
    ("__aenter__", "__enter__"),
    ("__aexit__", "__exit__"),
    ("StopAsyncIteration", "StopIteration"),
    ("Union[None, Awaitable[None]]", "None"),
    ("Called with every look; it may be a coroutine function.", "Called with every look."),
    (" Awaitable,", ""),
];

/// The blocking twin of a file.
pub(super) fn twin(name: &str, source: &str) -> String {
    let mut text = format!("# Derived by `cargo xtask generate` from {name}. Do not edit.\n\n");
    for line in source.lines() {
        let mut line = line.to_owned();
        for (word, twin) in WORDS {
            line = line.replace(word, twin);
        }
        text.push_str(&without_prefix(&line));
        text.push('\n');
    }
    text
}

/// `AsyncClient` becomes `Client`, and so do all names of that form.
fn without_prefix(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("Async") {
        let (before, found) = rest.split_at(at);
        let after = &found["Async".len()..];
        let begins = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        text.push_str(before);
        if !(begins && after.starts_with(|c: char| c.is_ascii_uppercase())) {
            text.push_str("Async");
        }
        rest = after;
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_twin() {
        let source =
            "async def f(self) -> AsyncIterator[AsyncTask]:\n    return [x async for x in await go(y)]\n";
        let wanted = "def f(self) -> Iterator[Task]:\n    return [x for x in go(y)]\n";
        assert!(twin("f.py", source).ends_with(wanted), "{}", twin("f.py", source));
    }

    #[test]
    fn names_that_only_contain_the_word_stay() {
        assert_eq!(without_prefix("NoAsyncHere Asyncio AsyncX"), "NoAsyncHere Asyncio X");
    }
}
