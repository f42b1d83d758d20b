//! Top pairs made from scratch, as a user without the published files does, and read by an experiment.

use std::path::{Path, PathBuf};
use std::process::Command;

use amplicast_tests::{Place, target_folder};

const EVENTS: usize = 200;

fn done(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat();
    assert!(output.status.success(), "{command:?}\n{said}");
    said
}

/// A Python with the script's packages, set up once in the target folder.
fn python(examples: &Path) -> PathBuf {
    let folder = target_folder().join("ttbar-python");
    let python = folder.join("bin/python");
    let requirements = examples.join("requirements.txt");
    let complete = folder.join("complete");
    let wanted = std::fs::read(&requirements).unwrap();
    if std::fs::read(&complete).ok().as_ref() != Some(&wanted) {
        done(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        done(Command::new(&python).args(pip).arg(&requirements));
        std::fs::write(&complete, wanted).unwrap();
    }
    python
}

/// Shapes, cuts, order of the particles and masses of what the script makes.
const LOOK: &str = "
import sys, numpy as np
file = np.load(sys.argv[1])
for key, events in file.items():
    extra = int(key.removeprefix('ttbar+').split('jet')[0])
    if key.endswith(' with partons'):
        assert events.shape[1:] == (12 + extra, 4) and (events[:, 6:] == file[key.removesuffix(' with partons')]).all(), key
        q = events[:, :6].astype(float)
        mass = lambda *which: np.sqrt(np.square(q[:, which].sum(1)) @ [1, -1, -1, -1])
        # Widths of 1.4 and 2.1 GeV.
        assert all(abs(np.median(mass(*top)) - 172.5) < 1 for top in [(0, 1, 2), (3, 4, 5)]), key
        assert all(abs(np.median(mass(*w)) - 80.4) < 1 for w in [(1, 2), (4, 5)]), key
        top = lambda first: np.hypot(*q[:, first : first + 3].sum(1)[:, 1:3].T)
        assert (top(0) >= top(3) - 1e-3).all(), key
        continue
    assert events.dtype == np.float32 and events.shape[1:] == (6 + extra, 4), (key, events.shape)
    p = events.astype(float)
    pt = np.hypot(p[..., 1], p[..., 2])
    eta, phi = np.arcsinh(p[..., 3] / pt), np.arctan2(p[..., 2], p[..., 1])
    assert (pt > 22 - 1e-4).all() and (abs(eta) < 5).all(), key
    for i in range(6 + extra):
        for j in range(i):
            apart = np.hypot(eta[:, i] - eta[:, j], np.remainder(phi[:, i] - phi[:, j] + np.pi, 2 * np.pi) - np.pi)
            assert (apart > 0.5 - 1e-5).all(), (key, i, j)
    top = lambda first: np.hypot(*p[:, first : first + 3].sum(1)[:, 1:3].T)
    assert (top(0) >= top(3) - 1e-3).all() and (pt[:, 1] >= pt[:, 2]).all() and (pt[:, 4] >= pt[:, 5]).all(), key
    assert (np.diff(pt[:, 6:]) <= 0).all(), key
p = file['ttbar+0jet'].astype(float)
assert len(p) == int(sys.argv[2])
w = p[:, 1] + p[:, 2]
m = np.sqrt(w[:, 0] ** 2 - (w[:, 1:] ** 2).sum(1))
near = ((m > 70) & (m < 90)).mean()
# Their fraction in 90 000 such events.
NEAR = 0.3598
assert abs(near - NEAR) < 4 * np.sqrt(NEAR * (1 - NEAR) / len(m)), near
";

#[test]
fn events_from_scratch_are_read_by_an_experiment() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/ttbar");
    let (python, place) = (python(&examples), Place::new());
    let file = place.path("ttbar.npz");
    let script = examples.join("generate.py");
    let made = done(
        Command::new(&python)
            .arg(&script)
            .args(["--events", &EVENTS.to_string(), "--seed", "7", "--partons", "--out"])
            .arg(&file),
    );
    assert!(made.contains("200 of 200 events"), "{made}");
    done(Command::new(&python).args(["-c", LOOK]).arg(&file).arg(EVENTS.to_string()));

    let experiment = r#"
        experiment = { n_train = 100, n_gen = 1000, members = 2 }
        summary = [{ name = "m_tt", plugin = "invariant-mass", particles = [0, 1, 2, 3, 4, 5] }]
        generator = [{ plugin = "resample" }]
        uncertainty = [{ plugin = "ensemble" }]
        metric = [{ plugin = "ks", reference = ["holdout"] }]
        [dataset]
        plugin = "events-file"
        train = "ttbar.npz"
        key = "ttbar+0jet"
        train_rows = [0, 100]
        holdout = "ttbar.npz"
        holdout_rows = [100, 200]
        particles = ["b1", "q1", "q2", "b2", "q3", "q4"]
    "#;
    place.write("ttbar.toml", experiment);
    place.amplicast(&["run", "ttbar.toml", "--out", "run"]).expect(0).prints(&["m_tt"]);

    let refused = Command::new(&python).arg(&script).args(["--out", "events.npy"]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("expected a file that ends in .npz"));
}
