//! Is the README's reference complete, and what it shows compiled? Its code is, as a test of documentation;
//! so each example of the table has to stand in it.

use std::fs;
use std::path::Path;

#[test]
fn every_row_of_the_reference_stands_in_code_that_is_compiled() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let code: String = readme
        .split("```rust\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .collect();
    let rows = readme
        .lines()
        .skip_while(|line| !line.ends_with("| for example |"))
        .skip(2);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 26);
    for row in rows {
        let example = row
            .trim_end_matches(" |")
            .rsplit("| `")
            .next()
            .unwrap()
            .trim_end_matches('`');
        assert!(code.contains(example), "{example:?} is compiled nowhere");
    }
}

/// What can be written between the parentheses stands in the first column.
#[test]
fn every_key_is_in_the_reference() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(tests.join("../README.md")).unwrap();
    let said = fs::read_to_string(tests.join("ui/key/unknown.stderr")).unwrap();
    let keys: Vec<&str> = said
        .lines()
        .next()
        .unwrap()
        .split('`')
        .skip(3)
        .step_by(2)
        .collect();
    assert_eq!(keys.len(), 13);
    for key in keys {
        let is_named = |row: &str| {
            row.split(" | ")
                .next()
                .is_some_and(|cell| cell.contains(&format!("`{key}`")))
        };
        assert!(
            readme.lines().any(is_named),
            "{key} is not in the reference"
        );
    }
}
