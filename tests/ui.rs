//! Is every mistake in a declaration explained, once, where it is? `ui` holds one mistake a file, and
//! the compiler's words for it. After a wanted change run with `TRYBUILD=overwrite`, and read the
//! difference.

use std::fs;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    let topics = fs::read_dir(root)
        .unwrap()
        .map(|topic| topic.unwrap().path());
    let files = topics.flat_map(|topic| fs::read_dir(topic).unwrap());
    let mut cases: Vec<PathBuf> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    cases.sort();
    cases
}

#[test]
fn mistakes_are_explained() {
    let mistakes = trybuild::TestCases::new();
    mistakes.compile_fail("ui/*/*.rs");
}

#[test]
fn a_mistake_is_one_error_that_names_nothing_private() {
    let cases = cases();
    assert!(cases.len() >= 260, "{} cases", cases.len());
    for case in cases {
        let said = fs::read_to_string(case.with_extension("stderr")).unwrap();
        let is_error =
            |line: &&str| line.starts_with("error") && !line.starts_with("error: aborting");
        assert_eq!(
            said.lines().filter(is_error).count(),
            1,
            "{}:\n{said}",
            case.display()
        );
        assert!(!said.contains("\nwarning"), "{}:\n{said}", case.display());
        // The compiler names the derive macro it was in, which is behind `__private`.
        let is_private =
            |line: &str| line.contains("__private") && !line.contains("error originates in");
        assert!(!said.lines().any(is_private), "{}:\n{said}", case.display());
    }
}
