use super::*;

fn names(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn of(text: &str) -> Option<(String, String, Vec<Vec<usize>>)> {
    let a = Arrangement::of_names(&names(text))?;
    Some((a.layout.to_string(), a.labels.join(" "), a.columns))
}

#[test]
fn names_tell_the_components() {
    for (text, layout, labels) in [
        ("j0_px j0_py j0_pz j0_E j1_px j1_py j1_pz j1_E", "px,py,pz,E", "j_0 j_1"),
        ("jet1.pt jet1.eta jet1.phi jet1.mass", "pt,eta,phi,m", "jet_1"),
        ("E px py pz", "E,px,py,pz", ""),
        ("jetPt jetEta jetPhi jetE", "pt,eta,phi,E", "jet"),
        ("e_pt e_eta e_phi e_m", "pt,eta,phi,m", "e"),
        ("pt_e eta_e phi_e m_e", "pt,eta,phi,m", "e"),
        ("lep_pT lep_eta lep_phi lep_energy", "pt,eta,phi,E", "lep"),
        ("p_x1 p_y1 p_z1 e1", "px,py,pz,E", "1"),
        ("etarel_0 phirel_0 ptrel_0 mask_0", "eta,phi,pt,mask", "0"),
        ("ptj1 etaj1 phij1 mj1 ptj2 etaj2 phij2 mj2", "pt,eta,phi,m", "j_1 j_2"),
        ("jetpt_0 jeteta_0 jetphi_0 jetmass_0", "pt,eta,phi,m", "jet_0"),
        ("FatJet1_pt FatJet1_eta FatJet1_phi FatJet1_msoftdrop", "pt,eta,phi,m", "fat_jet_1"),
    ] {
        let found = of(text).unwrap_or_else(|| panic!("{text} tells nothing"));
        assert_eq!((found.0.as_str(), found.1.as_str()), (layout, labels), "{text}");
    }
    // Component by component, and particles in different orders.
    let found = of("E_0 E_1 PX_0 PX_1 PY_0 PY_1 PZ_0 PZ_1").unwrap();
    assert_eq!((found.0.as_str(), found.2), ("E,px,py,pz", vec![vec![0, 2, 4, 6], vec![1, 3, 5, 7]]));
    let found = of("a_E a_px a_py a_pz b_px b_py b_pz b_E").unwrap();
    assert_eq!(found.2[1], [7, 4, 5, 6]);
    for text in ["x1 x2 x3 x4", "E px py", "pt eta", "j0_px j0_py j0_pz mtt", "j0_px j0_py j0_pz j1_E"] {
        assert_eq!(of(text), None, "{text}");
    }
}

#[test]
fn names_that_tell_something_else_are_not_taken_in_turn() {
    let in_turn = Arrangement::in_turn(Layout::four_momentum(), 2);
    let mixed = names("l_pt l_eta l_phi l_m j_px j_py j_pz j_E");
    assert_eq!(Arrangement::of_names(&mixed), None);
    let error = in_turn.expect_unnamed(&mixed).unwrap_err().to_string();
    assert!(error.contains("`l_pt`, which would be E in the order `E,px,py,pz`, is pt"), "{error}");
    in_turn.expect_unnamed(&names("x1 x2 x3 x4 x5 x6 x7 x8")).unwrap();
    in_turn.expect_unnamed(&names("t x y z a b c d")).unwrap();
}

#[test]
fn what_is_no_component_is_named_with_the_cure() {
    let why = |text: &str| Arrangement::why_not(&names(text));
    let found = why("pt_0 eta_0 phi_0 m_0 btag_0 pt_1 eta_1 phi_1 m_1 btag_1").unwrap();
    let cure = "leave them out (`--columns pt_0,eta_0,phi_0,m_0,pt_1,eta_1,phi_1,m_1`)";
    assert_eq!(found, format!("`btag_0`, `btag_1` are no components of a momentum: {cure}"));
    let found = why("j0_pt j0_eta j0_phi j0_m j0_E").unwrap();
    assert!(
        found.starts_with("`j0_m` are not needed") && found.contains("`--columns j0_pt,j0_eta,j0_phi,j0_E`"),
        "{found}"
    );
    let found = why("jet_pt jet_eta jet_phi jet_mass jet_msoftdrop").unwrap();
    assert!(found.starts_with("`jet_mass` and `jet_msoftdrop` are the same component"), "{found}");
    assert_eq!(why("x1 x2 x3 x4 x5"), None);
    assert_eq!(why("E px py pz"), None);
}

#[test]
fn a_layout_may_not_contradict_the_names() {
    let names = names("px_0 py_0 pz_0 E_0 px_1 py_1 pz_1 E_1");
    let found = Arrangement::of_names(&names).unwrap();
    found.expect(&Layout::read("px,py,pz,E").unwrap(), &names).unwrap();
    let error = found.expect(&Layout::four_momentum(), &names).unwrap_err().to_string();
    let expected = "layout: expected what the columns' names tell (`px_0` is px), found `E,px,py,pz`, by which column 1 is \
                    E of particle 1; leave the layout out";
    assert_eq!(error, expected);
}

#[test]
fn particles_come_in_the_order_asked_for() {
    let found = Arrangement::of_names(&names("b_E b_px b_py b_pz q1_E q1_px q1_py q1_pz")).unwrap();
    let event: Vec<f64> = (0..8).map(f64::from).collect();
    let mut out = [0.0; 8];
    found.ordered(&["q1".into(), "b".into()]).convert(&event, &mut out);
    assert_eq!(out, [4.0, 5.0, 6.0, 7.0, 0.0, 1.0, 2.0, 3.0]);
    // By their numbers alone, where the file's words are others.
    let numbers = Arrangement::of_names(&names("E_0 px_0 py_0 pz_0 E_1 px_1 py_1 pz_1")).unwrap();
    numbers.ordered(&["p1".into(), "p0".into()]).convert(&event, &mut out);
    assert_eq!(out, [4.0, 5.0, 6.0, 7.0, 0.0, 1.0, 2.0, 3.0]);
    // Numbers that are not the file's say nothing, nor do other names.
    assert_eq!(numbers.ordered(&["p1".into(), "p2".into()]), numbers);
    assert_eq!(found.ordered(&["x".into(), "y".into()]), found);
    assert!(found.is_identical());
}

/// Twelve particles whose columns are sorted as text (`E_0, E_1, E_10, E_11, E_2 ...`), component by component or particle by
/// particle: particle i is the one with the number i, its energy 10 i.
#[test]
fn particles_are_counted_as_people_count() {
    for style in ["C_N", "jN_C", "jet_C_N", "CN", "JetNC", "C_jN", "Jet.C_N", "evt_jet_N_C", "CjN"] {
        let numbered = |n: usize, c: &str| style.replace('N', &n.to_string()).replace('C', c);
        let mut columns: Vec<(String, f64)> = Vec::new();
        for n in 0..12 {
            let values = [("E", 10 * n + 9), ("px", 1), ("py", 2), ("pz", n)];
            columns.extend(values.map(|(c, value)| (numbered(n, c), value as f64)));
        }
        columns.sort_by(|a, b| a.0.cmp(&b.0));
        let (names, event): (Vec<String>, Vec<f64>) = columns.into_iter().unzip();
        let found = Arrangement::of_names(&names).unwrap_or_else(|| panic!("{style}"));
        let expected: Vec<f64> =
            (0..12).flat_map(|n| [(10 * n + 9) as f64, 1.0, 2.0, f64::from(n)]).collect();
        for prefix in ["p", "b", "j"] {
            let particles: Vec<String> = (0..12).map(|i| format!("{prefix}{i}")).collect();
            let mut out = [0.0; 48];
            found.ordered(&particles).convert(&event, &mut out);
            assert_eq!(out[..], expected, "{style} as {prefix}0 ...");
        }
        let note = found.note().unwrap_or_else(|| panic!("{style} says nothing"));
        assert!(note.contains("in the order of the numbers in their columns' names"), "{note}");
    }
    // Lists of the four components, of which only the particles have names.
    let mut lists: Vec<(String, f64)> = Vec::new();
    for n in 0..12 {
        lists.extend((0..4).map(|c| (format!("j{n}_{c}"), f64::from(10 * n + c))));
    }
    lists.sort_by(|a, b| a.0.cmp(&b.0));
    let (list, event): (Vec<String>, Vec<f64>) = lists.into_iter().unzip();
    let found = Arrangement::of_lists(Layout::four_momentum(), &list);
    let mut out = [0.0; 48];
    found.convert(&event, &mut out);
    assert!(out.iter().enumerate().all(|(k, x)| *x == (10 * (k / 4) + k % 4) as f64), "{out:?}");
    assert!(found.note().is_some());
    let plain = Arrangement::of_lists(
        Layout::four_momentum(),
        &names("jets_0 jets_1 jets_2 jets_3 jets_4 jets_5 jets_6 jets_7"),
    );
    assert!(plain.is_identical() && plain.labels.is_empty());
    // In order already, and families that alternate, say nothing.
    for text in [
        "E_1 px_1 py_1 pz_1 E_2 px_2 py_2 pz_2",
        "b1_E b1_px b1_py b1_pz j1_E j1_px j1_py j1_pz j2_E j2_px j2_py j2_pz b2_E b2_px b2_py b2_pz",
    ] {
        let found = Arrangement::of_names(&names(text)).unwrap();
        assert!(found.note().is_none() && found.is_identical(), "{text}");
    }
}
