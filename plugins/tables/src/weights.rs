//! Which columns and arrays are event weights, by their names.

use amplicast_sdk::{Error, Result};

use crate::words::words;

/// What a name says of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Weight,
    /// It may be a feature as well: it is one if the user names it.
    Perhaps,
}

/// Refuses an array or a column of weights by its name; `field` is where the configuration chooses it. `named` if the user gave that
/// name; `alone` if there is no other column beside it.
pub fn refuse_weights(field: &str, name: &str, named: bool, alone: bool) -> Result<()> {
    let (what, cure) = match said(name) {
        Some(Said::Weight) => ("is what event weights are called", ""),
        Some(Said::Perhaps) if !named && !alone => {
            ("may be event weights", ", and it with them if it is a feature")
        }
        _ => return Ok(()),
    };
    Err(Error::config(
        field,
        format!(
            "expected features of events, found `{name}`, which {what}, and G without weights is another one. If it \
             holds them, say `weights = \"{name}\"` beside the file (`--weights {name}` of true events, `--members-weights {name}` of generated \
             ones); otherwise name the wanted `columns`{cure}"
        ),
    ))
}

/// Whether an array beside the events is called like weights.
pub fn is_weight(name: &str) -> bool {
    said(name).is_some()
}

/// `weight`, `mc_weight`, `genWeight`, `LHEWeight_originalXWGTUP`; `w`, `w_nominal`, `scale1fb`, `xsec`, `sf_btag`.
fn said(name: &str) -> Option<Said> {
    let letters: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if letters.contains("weight") || letters.contains("wgt") || letters == "wt" || letters == "wts" {
        return Some(Said::Weight);
    }
    // Of a field within a structure, or a dataset in a group, its own name tells.
    let words = words(name.rsplit(['.', '/']).next().unwrap_or(name));
    let plain: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| !word.bytes().all(|b| b.is_ascii_digit())).collect();
    let joined = plain.concat();
    // What weights are of: `w_mass` and `W_pt` are of a boson.
    const OF_WEIGHTS: [&str; 32] = [
        "mc",
        "nominal",
        "nom",
        "gen",
        "generator",
        "evt",
        "event",
        "ev",
        "events",
        "total",
        "tot",
        "pu",
        "pileup",
        "norm",
        "sf",
        "btag",
        "lumi",
        "lhe",
        "up",
        "down",
        "sys",
        "syst",
        "var",
        "trig",
        "trigger",
        "jvt",
        "xs",
        "xsec",
        "sample",
        "pdf",
        "scale",
        "final",
    ];
    let of_weights = |rest: &[&str]| !rest.is_empty() && rest.iter().all(|word| OF_WEIGHTS.contains(word));
    match &plain[..] {
        ["w"] => return Some(Said::Perhaps),
        ["w", rest @ ..] | [rest @ .., "w"] if of_weights(rest) => return Some(Said::Weight),
        _ => {}
    }
    if ["scalefb", "scalepb", "kfactor", "scalefactor"].iter().any(|word| joined.starts_with(word)) {
        return Some(Said::Weight);
    }
    let perhaps = ["xsec", "xsect", "xsection", "crosssection"].iter().any(|word| joined.contains(word))
        || plain.contains(&"sf")
        || joined == "xs";
    perhaps.then_some(Said::Perhaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, named: bool, alone: bool) -> bool {
        refuse_weights("columns", name, named, alone).is_err()
    }

    #[test]
    fn weights_are_known_by_name() {
        for name in [
            "weight",
            "Weights",
            "event_weight",
            "mc_weight",
            "genWeight",
            "mcEventWeight",
            "LHEWeight_originalXWGTUP",
            "evt_wgt",
            "weight_nominal",
            "wgt",
            "wt",
            "w_mc",
            "w_nominal",
            "wNominal",
            "evt_w",
            "w_pu_up",
            "scale1fb",
            "scale_1fb",
            "kFactor",
            "k_factor",
            "scaleFactor_MUON",
            "ev.weight",
            "ev/w_mc",
        ] {
            assert!(refused(name, false, false) && refused(name, true, false), "{name}");
        }
        // What may be something else is taken if the user says so, or if there is nothing else.
        for name in [
            "w",
            "W",
            "w_0",
            "ev/w",
            "xsec",
            "xsec_pb",
            "crossSection",
            "cross_section",
            "sf_btag",
            "SF_trigger",
            "lepSF",
        ] {
            assert!(refused(name, false, false), "{name}");
            assert!(!refused(name, true, false) && !refused(name, false, true), "{name}");
        }
        let error = refuse_weights("columns", "w", false, false).unwrap_err().to_string();
        assert!(error.contains("and it with them if it is a feature"), "{error}");
    }

    #[test]
    fn physics_is_no_weight() {
        for name in [
            "W_pt",
            "w_mass",
            "W_m",
            "mW",
            "m_W",
            "w_eta",
            "W1_pt",
            "ptW",
            "pt_w",
            "W_charge",
            "height",
            "width",
            "eta",
            "wt_jet",
            "wino_mass",
            "low",
            "twb",
            "view",
            "x",
            "w_id",
            "sfeta",
            "xs_jet",
        ] {
            assert!(!is_weight(name), "{name}");
        }
    }
}
