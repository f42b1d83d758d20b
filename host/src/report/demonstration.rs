//! Errors predicted, validated and compared: a table for the page, and one for the terminal.

use super::columns::Columns;
use super::text::escape;
use super::title;
use crate::format::{count, short};
use crate::results::{Cell, Demonstrated, Distance, LEFT_OUT, Results};

/// What the table says of each quantity.
const HEADS: [&str; 7] =
    ["generated", "statistical error", "total error", "n_equiv", "training", "its error", "pull"];

/// A row of numbers for each quantity, of so many training events.
fn rows(found: &Demonstrated, n_train: f64) -> impl Iterator<Item = (&String, [String; 7])> {
    found.quantities.iter().enumerate().map(move |(r, name)| {
        let pull = found.against.as_ref().map_or(String::new(), |against| format!("{:.1}", against.pulls[r]));
        let error = found.error_total[r].min(found.error_training[r]);
        let values = [
            digits(found.generated[r], error),
            short(found.error_statistical[r]),
            short(found.error_total[r]),
            worth(found, r, n_train).map_or(String::new(), short),
            digits(found.training[r], error),
            short(found.error_training[r]),
            pull,
        ];
        (name, values)
    })
}

/// The true events that have the error of the generated values for n_gen -> infinity; none where the events' own statistics are all of it.
fn worth(found: &Demonstrated, r: usize, n_train: f64) -> Option<f64> {
    let model = found.error_total[r].powi(2) - found.error_statistical[r].powi(2);
    (model > 0.0).then(|| n_train * found.error_training[r].powi(2) / model)
}

/// A value with two digits of its error.
fn digits(value: f64, error: f64) -> String {
    let decimals = if error > 0.0 { (1.0 - error.log10().floor()).clamp(0.0, 12.0) as usize } else { 4 };
    format!("{value:.decimals$}")
}

/// The true events of step 2.
fn unseen(distance: &Distance) -> String {
    let events = count(distance.events);
    match distance.reference.as_str() {
        LEFT_OUT => format!(
            "the {events} training events that each half's fit did not see (the mean over these fits, and twice the median of p)"
        ),
        reference => format!("{events} events ({reference})"),
    }
}

/// What each step found, in sentences.
fn steps(found: &Demonstrated) -> [String; 3] {
    let validated = found.against.as_ref().map_or_else(
        || "there are no true events that the generator did not see".to_string(),
        |against| {
            let a = &against.distance;
            let consistent = a.word();
            let few = a.few_fits.map_or(String::new(), |few| {
                let (f, degrees) = (short(few.f), short(few.degrees));
                format!("; of few fits, F = {f} for {:.0} and {degrees}, p = {}", a.degrees, short(few.p))
            });
            format!(
                "chi-squared {:.1} for {:.0} degree{} of freedom against {}, p = {}{few}: {consistent}",
                a.chi_squared,
                a.degrees,
                if a.degrees == 1.0 { "" } else { "s" },
                unseen(a),
                short(a.p)
            )
        },
    );
    [
        "the generated values with statistical and total errors".into(),
        validated,
        format!(
            "errors are {} times those of the training events, below {} times at 95 %; the best mean of both, with a weight of {} for the \
             generated values, has {}",
            short(found.ratio),
            short(found.ratio_at_most),
            short(found.weight),
            short(found.combined)
        ),
    ]
}

/// The three steps, and the number of training events.
fn of_first_set(cell: &Cell) -> Option<(&Demonstrated, f64)> {
    let first = cell.replicas.first()?;
    Some((first.demonstrated.as_ref()?, first.n_train()))
}

/// The three steps as a part of a cell's page; nothing where they were not taken.
pub(super) fn section(cell: &Cell) -> String {
    let Some((found, n_train)) = of_first_set(cell) else { return String::new() };
    let [predicted, validated, improved] = steps(found).map(|step| escape(&step));
    let heads: String = HEADS.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let lines: String = rows(found, n_train)
        .map(|(name, values)| {
            let values: String = values
                .iter()
                .zip(HEADS)
                .map(|(value, head)| {
                    let value = escape(value).replace('-', "&minus;");
                    format!("<td class=\"n\" data-label=\"{head}\">{value}</td>")
                })
                .collect();
            format!("<tr><th scope=\"row\">{}</th>{values}</tr>\n", escape(name))
        })
        .collect();
    format!(
        "<details class=\"wide\">\n<summary class=\"small\">Predict, validate, improve: {}</summary>\n<p class=\"small\">Step 1: {predicted}. Step 2: {validated}. \
         Step 3: {improved} (Matchev et al. 2022, section 6).</p>\n<table class=\"matrix stack\">\n<thead><tr><th></th>{heads}</tr></thead>\n\
         <tbody>\n{lines}</tbody></table>\n</details>\n",
        found.verdict.text()
    )
}

/// The same for a terminal of so many columns, or as wide as it is: cell by cell.
pub fn demonstrations(results: &Results, width: Option<usize>) -> String {
    let mut text = String::new();
    for cell in &results.cells {
        let Some((found, n_train)) = of_first_set(cell) else { continue };
        text += &format!("{}: {}\n", title::cell_title(&cell.name), found.verdict.text());
        for (number, step) in (1..).zip(steps(found)) {
            text += &format!("  step {number}: {step}\n");
        }
        let mut table = Columns::new().solid("");
        for head in HEADS {
            table = table.solid(head);
        }
        for (name, values) in rows(found, n_train) {
            table.row(std::iter::once(name.clone()).chain(values));
        }
        text += &table.text(width).lines().map(|line| format!("  {line}\n")).collect::<String>();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    #[test]
    fn three_steps_and_a_verdict() {
        let results = testing::results();
        let text = demonstrations(&results, None);
        for part in [
            "demonstrated: errors predicted, validated, and smaller than those of the training events",
            "step 2: chi-squared 2.1 for 2 degrees of freedom against 10",
            "events (holdout), p = 0.35; of few fits, F = 0.95 for 2 and 12, p = 0.41: consistent",
            "step 3: errors are 0.40 times those of the training events, below 0.70 times at 95 %",
            "[0, 1)",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let with =
            results.cells.iter().find(|c| c.replicas.iter().any(|r| r.demonstrated.is_some())).unwrap();
        // 1000 true events have an error of 0.016 where the generator's own is sqrt(0.006^2 - 0.001^2).
        let lines: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with("[0, 1)")).collect();
        let n_equiv = 1000.0 * 0.016_f64.powi(2) / (0.006_f64.powi(2) - 0.001_f64.powi(2));
        assert!(lines[0].split_whitespace().any(|word| word == short(n_equiv)), "{lines:?}");
        let page = section(with);
        assert!(page.contains("<details class=\"wide\">") && page.contains("&minus;1.1"), "{page}");
        assert_eq!(section(&results.cells[0]), "");
    }
}
