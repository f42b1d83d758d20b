use std::io::Write;

use super::*;
use crate::generators::numbers_of;

const HEAD: &str = "<LesHouchesEvents version=\"3.0\">\n<!-- of <event> no word\nnot here </LesHouchesEvents> -->\n\n<header>\n\
    <initrwgt><weightgroup name='scales'>\n<weight id='1001'> muR = 2 </weight>\n<weight MUF=\"2\" id=\"1002\"/>\n\
    </weightgroup></initrwgt>\n<card><![CDATA[ <!-- of <event> no end ]]></card>\n</header>\n\n\
    <init>\n 2212 2212 6.5e3 6.5e3 0 0 247000 247000 -4 1\n 1.0 0.1 1.0 1\n</init>\n";
const TAIL: &str = "</LesHouchesEvents>\n";

/// Two incoming gluons, a top pair and what is given.
fn event(weight: &str, e: f64, more: &str, further: &str) -> String {
    let count = 4 + more.lines().count();
    format!(
        "<event>\n  {count}  1 {weight} 9.1e1 7.8e-3 1.2e-1\n\
         21 -1 0 0 501 502 0.0 0.0 {e} {e} 0.0 0.0 9.0\n21 -1 0 0 503 501 0 0 -{e} {e} 0 0 9.0\n\
         \n  6 2 1 2 503 0 10.0 20.0 30.0 {e} 173.0 0.0 1.0 # a remark\n\
         -6  2  1  2  0  502 -1.00000000E+01 -2.0D+01 -30.0 {e} 173.0 0. -1\n{more}#aMCatNLO 2 5\n{further}</event>\n"
    )
}

const TOPS: [&str; 2] = ["t=6:status=2", "tbar=-6:status=2"];

fn read(text: &str, select: &[&str], weights: Option<&str>) -> Result<(Vec<f64>, Vec<String>)> {
    read_bytes(text.as_bytes(), select, weights)
}

fn read_bytes(text: &[u8], select: &[&str], weights: Option<&str>) -> Result<(Vec<f64>, Vec<String>)> {
    numbers_of(open, text, select, weights)
}

fn message(text: &str, select: &[&str], weights: Option<&str>) -> String {
    read(text, select, weights).unwrap_err().to_string()
}

#[test]
fn events_with_blank_lines_remarks_and_comments() {
    let text =
        [HEAD, &event("1.0", 200.0, "", ""), "\n<!-- x --> \n", &event("1.0", 300.0, "", ""), TAIL].concat();
    let (numbers, columns) = read(&text, &TOPS, None).unwrap();
    assert_eq!(columns, ["t.E", "t.px", "t.py", "t.pz", "tbar.E", "tbar.px", "tbar.py", "tbar.pz"]);
    let row = |e| [e, 10.0, 20.0, 30.0, e, -10.0, -20.0, -30.0];
    assert_eq!(numbers, [row(200.0), row(300.0)].concat());
    // The order is the one asked for.
    let (numbers, columns) = read(&text, &[TOPS[1], TOPS[0]], None).unwrap();
    assert_eq!((columns[0].as_str(), numbers[1]), ("tbar.E", -10.0));
    // What follows the end.
    let after = [&text, "#Random number generator exit values: 1 2 0\n\n"].concat();
    assert_eq!(read(&after, &TOPS, None).unwrap().0.len(), 16);
    // What one line may hold.
    let tight = text
        .replace("</initrwgt>\n", "</initrwgt>")
        .replace("\n<!-- x --> \n", "<!-- x -->")
        .replace('\n', "\r\n");
    assert_eq!(read(&tight, &TOPS, None).unwrap().0.len(), 16);
}

#[test]
fn all_of_the_final_state_if_it_is_alike() {
    let (bottom, w) = ("5 1 3 3 503 0 1 2 3 4 0 0 1\n", "24 1 3 3 0 0 5 6 7 88 80.4 0 0\n");
    let both = [bottom, w].concat();
    let text = [HEAD, &event("1.0", 200.0, &both, ""), &event("1.0", 200.0, &both, ""), TAIL].concat();
    let (numbers, columns) = read(&text, &[], None).unwrap();
    assert_eq!((numbers.len(), columns[4].as_str()), (16, "p1.E"));
    assert_eq!(numbers[..8], [4.0, 1.0, 2.0, 3.0, 88.0, 5.0, 6.0, 7.0]);
    let text = [HEAD, &event("1.0", 200.0, &both, ""), &event("1.0", 200.0, bottom, ""), TAIL].concat();
    let error = message(&text, &[], None);
    assert!(error.starts_with("event 1 (counted from 0), line "), "{error}");
    assert!(
        error.contains("found 5, 24 in event 0 and 5 here: variable multiplicity is not supported"),
        "{error}"
    );
    let error = message(&text, &["w=24"], None);
    assert!(
        error.contains("event 1 (counted from 0)") && error.contains("particles of status 1: 5;"),
        "{error}"
    );
    let error = message(&[HEAD, &event("1", 2.0, "", ""), TAIL].concat(), &[], None);
    assert!(error.contains("expected particles of the final state"), "{error}");
}

#[test]
fn weights_by_name() {
    let rwgt = |a: f64, b: f64| {
        format!(
            "<mgrwt>\n<rscale> 2 0.1E+3</rscale>\n</mgrwt>\n<rwgt>\n<wgt id='1001'> {a} </wgt><wgt id=\"1002\">{b}</wgt>\n</rwgt>\n"
        )
    };
    let text =
        [HEAD, &event("1.5", 200.0, "", &rwgt(2.0, -3.0)), &event("-1.5", 200.0, "", &rwgt(4.0, 5.0)), TAIL]
            .concat();
    let column = |name: &str| {
        let (numbers, columns) = read(&text, &TOPS, Some(name)).unwrap();
        assert_eq!((columns.len(), columns[8].as_str()), (9, name));
        [numbers[8], numbers[17]]
    };
    assert_eq!(column("weight"), [1.5, -1.5]);
    assert_eq!(column("XWGTUP"), [1.5, -1.5]);
    assert_eq!(column("1001"), [2.0, 4.0]);
    assert_eq!(column("1002"), [-3.0, 5.0]);
    let error = message(&text, &TOPS, Some("1003"));
    assert_eq!(
        error,
        "weights: expected a weight of the file, which has `weight`, `1001`, `1002`, found `1003`"
    );
    let error = message(&text, &TOPS, None);
    assert!(error.contains("differ in their sign, from -1.5 to 1.5 (1 of 2 negative)"), "{error}");
    assert!(error.ends_with("the file has `weight`, `1001`, `1002`"), "{error}");
    // One event without them, and one whose number is none.
    let text = text.replace("'1001'> 4", "'1005'> 4");
    let error = message(&text, &TOPS, Some("1001"));
    assert!(
        error.starts_with("event 1 (counted from 0), line ") && error.contains("the weight `1001`"),
        "{error}"
    );
    let error = message(&text.replace("> 2 <", "> nan <"), &TOPS, Some("1001"));
    assert!(error.contains("expected a finite weight `1001`, found `nan`"), "{error}");
}

#[test]
fn weights_of_a_list() {
    let further = "<weights>\n 2.0 3.0\n4.0 </weights>\n";
    let text = [HEAD, &event("1.5", 200.0, "", further), TAIL].concat();
    // The header declares two of them.
    for (name, expected) in [("1001", 2.0), ("1002", 3.0), ("2", 4.0)] {
        assert_eq!(read(&text, &TOPS, Some(name)).unwrap().0[8], expected, "{name}");
    }
    let text = text.replace("<weights>\n", "<weights>").replace("4.0 </weights>\n", "4.0\n</weights>");
    assert_eq!(read(&text, &TOPS, Some("2")).unwrap().0[8], 4.0);
}

#[test]
fn gzip_and_what_is_cut() {
    let text = [HEAD, &event("1", 200.0, "", ""), &event("1", 300.0, "", ""), TAIL].concat();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let plain = read(&text, &TOPS, None).unwrap();
    assert_eq!(read_bytes(&packed, &TOPS, None).unwrap(), plain);
    for end in [packed.len() / 2, packed.len() - 9, packed.len() - 1] {
        let error = read_bytes(&packed[..end], &TOPS, None).unwrap_err().to_string();
        assert!(error.starts_with("the file is cut short: expected the end of what gzip packed"), "{error}");
    }
    let mut wrong = packed.clone();
    wrong[packed.len() - 6] ^= 1;
    let error = read_bytes(&wrong, &TOPS, None).unwrap_err().to_string();
    assert!(error.starts_with("cannot unpack the file"), "{error}");
    // No prefix of a file is a file.
    let second = text.rfind("<event>").unwrap();
    for end in HEAD.len()..text.len() - 2 {
        let error = message(&text[..end], &TOPS, None);
        let place = if end > second + 7 && end < text.len() - TAIL.len() - 2 {
            "event 1 (counted from 0)"
        } else {
            ""
        };
        assert!(error.contains(place), "{end}: {error}");
    }
    let error = message(&text[..second], &TOPS, None);
    assert!(error.contains("expected </LesHouchesEvents> at its end, found none after 1 events"), "{error}");
}

#[test]
fn what_is_damaged_is_named() {
    let text = [HEAD, &event("1", 200.0, "", ""), &event("1", 300.0, "", ""), TAIL].concat();
    let line = HEAD.lines().count() + event("1", 200.0, "", "").lines().count() + 1;
    let last = |from: &str, to: &str| {
        let place = text.rfind(from).unwrap();
        message(&[&text[..place], to, &text[place + from.len()..]].concat(), &TOPS, None)
    };
    let error = last("20.0 30.0", "20.0 3O.0");
    let start = format!("event 1 (counted from 0), line {}: expected the 13 numbers of a particle", line + 5);
    assert!(
        error.starts_with(&start) && error.contains("found `6 2 1 2 503 0 10.0 20.0 3O.0 300"),
        "{error}"
    );
    assert!(last("20.0 30.0", "20.0").contains("expected the 13 numbers"));
    assert!(last("20.0 30.0", "nan 30.0").contains("expected a finite four-momentum"));
    assert!(last("20.0 30.0", "1e999 30.0").contains("expected a finite four-momentum"));
    assert!(
        last("  4  1 ", "  5  1 ").contains("found the 13")
            || last("  4  1 ", "  5  1 ").contains("found 4 before `</event>`")
    );
    assert!(
        last("  4  1 ", "  3  1 ")
            .contains("expected 3 particles, as the event's first line says (NUP), found more")
    );
    assert!(last("  4  1 ", "  x  1 ").contains("expected the six numbers of an event"));
    assert!(last("7.8e-3 1.2e-1", "").contains("expected the six numbers of an event"));
    assert!(last("  4  1 1 ", "  4  1 inf ").contains("expected a finite weight, found inf"));
    assert!(last("<event>", "<eventgroup>\n<event>").contains("no groups of a real emission"));
    assert!(
        last("<event>", "<eventfile name='x'/>\n<event>")
            .contains("events in the file itself, found `<eventfile")
    );
    // A lost tag costs no event in silence.
    assert!(last("<event>", "").contains("expected <event> before its end"));
    assert!(
        message(&text.replacen("</event>", "", 1), &TOPS, None)
            .contains("the event's end before another event")
    );
    assert_eq!(read(&text.replace("</event>\n", "</event>"), &TOPS, None).unwrap().0.len(), 16);
    assert!(last("7.8e-3 1.2e-1", "7.8e-3 1.2e-1 </event>").contains("expected the six numbers of an event"));
    assert!(last(TAIL, &[TAIL, HEAD].concat()).contains("expected no events after </LesHouchesEvents>"));
    assert!(
        message(&[HEAD, "<event>\n</event>\n", TAIL].concat(), &[], None)
            .contains("the six numbers of an event")
    );
}
