//! `amplicast compare`: the same questions in several runs.

use amplicast_tests::{GAUSSIAN, Place, fits};

const SIZES: &str = "n_gen = 20_000\nmembers = 4\ncheckpoints = 3\nn_truth = 20_000\n";
const TABLES: &str = "[[metric]]\nplugin = \"integral\"\nintervals = [[0.0, 0.5]]\n";

fn with_runs(sizes: &[u64]) -> Place {
    let place = Place::new();
    let file =
        place.write("x.toml", fits(GAUSSIAN, &format!("name = \"x\"\nn_train = 100\n{SIZES}"), TABLES));
    for n in sizes {
        let (set, out) = (format!("experiment.n_train={n}"), format!("runs/n-{n}"));
        place.amplicast(&["run", &file.display().to_string(), "--set", &set, "--out", &out]).expect(0);
    }
    place
}

#[test]
fn runs_of_several_sizes_give_a_table_a_page_and_rows() {
    let place = with_runs(&[1000, 100]);
    let compared = place.amplicast(&["compare", "runs/n-1000", "runs/n-100", "--out", "sizes"]).expect(0);
    compared.prints(&["training events", "n-100", "1000", "sizes/compared.html"]);
    let text = std::fs::read_to_string(place.path("sizes/compared.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("run,dataset,generator,"), "{}", lines[0]);
    assert!(
        lines.len() == 3 && lines[1].starts_with("n-1000,gaussian,") && lines[2].starts_with("n-100,"),
        "{text}"
    );
    let page = std::fs::read_to_string(place.path("sizes/compared.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("section 5.2"), "{page}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let place = with_runs(&[100]);
    place.amplicast(&["compare", "runs/n-100"]).expect(2);
    let missing = place.amplicast(&["compare", "runs/n-100", "runs/n-9"]).expect(2);
    missing.says(&["runs/n-9/results.json: expected a finished run"]);
    let other = place.path("x.toml").display().to_string();
    let renamed = ["run", &other, "--set", "generator.0.name=other", "--out", "runs/other"];
    place.amplicast(&renamed).expect(0);
    let nothing = place.amplicast(&["compare", "runs/n-100", "runs/other"]).expect(2);
    nothing.says(&["expected a cell of the same name", "found none"]);
}
