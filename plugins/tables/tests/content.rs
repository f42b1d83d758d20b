//! Formats are told by content, not by the names of files.

use std::path::{Path, PathBuf};

use amplicast_tables::{EventFile, Selection};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

#[test]
fn what_is_read_may_have_any_name() {
    let folder = tempfile::tempdir().unwrap();
    for (from, key, names) in [
        ("ordered.parquet", None, &["a.pq", "a.parq", "a.dat", "a.root", "a"][..]),
        ("chunked.h5", Some("counts"), &["a.hdf", "a.he5", "a.h5py", "a.npy"]),
        ("stored.npz", Some("train"), &["a.zip", "a.npy", "a.h5"]),
        ("kinds/one.npy", None, &["a.npz", "a.txt", "a.pt"]),
    ] {
        for name in names {
            let path = folder.path().join(name);
            std::fs::copy(fixture(from), &path).unwrap();
            let selection = Selection { key: key.map(str::to_owned), ..Selection::default() };
            let file = EventFile::open(&path, &selection).unwrap();
            assert!(file.rows() > 0, "{from} as {name}");
        }
    }
    // Before the signature of HDF5 there may be a block of the user's, of 512 bytes or a power of two times as many.
    let path = folder.path().join("block.h5");
    let mut bytes = vec![0; 512];
    bytes.extend(std::fs::read(fixture("third.h5")).unwrap());
    std::fs::write(&path, bytes).unwrap();
    let error = EventFile::open(&path, &Selection::default()).unwrap_err().to_string();
    assert!(!error.contains("expected a .npy file"), "{error}");
}

/// An archive with these names of entries, as a zip file without compression.
fn archive(names: &[&str]) -> Vec<u8> {
    let (mut entries, mut directory) = (Vec::new(), Vec::new());
    for name in names {
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let place = u32::try_from(entries.len()).unwrap().to_le_bytes();
        // Version, flags, method, time, date; checksum and sizes of nothing.
        let common = [&[10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &[0; 12], &length, &[0; 2]].concat();
        directory.extend([b"PK\x01\x02\x0a\x00", &common[..], &[0; 10], &place, name.as_bytes()].concat());
        entries.extend([b"PK\x03\x04", &common[..], name.as_bytes()].concat());
    }
    let count = u16::try_from(names.len()).unwrap().to_le_bytes();
    let sizes = [directory.len(), entries.len()].map(|n| u32::try_from(n).unwrap().to_le_bytes());
    let end = [b"PK\x05\x06", &[0; 4][..], &count, &count, &sizes[0], &sizes[1], &[0; 2]].concat();
    [entries, directory, end].concat()
}

#[test]
fn what_is_not_read_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let text = |text: &str| text.as_bytes().to_vec();
    let safetensors = [&40_u64.to_le_bytes()[..], br#"{"x":{"dtype":"F32","shape":[1]}}"#, &[0; 40]].concat();
    let tar = [vec![b'a'; 257], text("ustar"), vec![0; 250]].concat();
    for (content, expected, cure) in [
        (text("root\0\0\0\0"), "a ROOT file", "uproot.open"),
        (vec![0x1f, 0x8b, 8, 0], "packed with gzip", "gunzip"),
        (text("BZh91AY"), "packed with bzip2", "bunzip2"),
        (vec![0xfd, b'7', b'z', b'X', b'Z', 0, 0], "packed with xz", "unxz"),
        (vec![0x28, 0xb5, 0x2f, 0xfd, 0], "packed with Zstandard", "unzstd"),
        (tar, "packed with tar", "tar -xf"),
        (text("<LesHouchesEvents version=\"3.0\">\n<header>"), "cut short in a header", ""),
        (text("<?xml version=\"1.0\"?>\n<!-- x -->\n<LesHouchesEvents>"), "</LesHouchesEvents>", ""),
        (text("HepMC::Version 3.02\nHepMC::Asciiv3-START"), "expected a list of HepMC::Asciiv3", ""),
        (text("\nHepMC::Version 2.06\nHepMC::IO_GenEvent"), "HepMC2", "pyhepmc.open"),
        (text("HepMC::Version 3.02\nHepMC::HEPEVT-START"), "another format of HepMC", "pyhepmc.open"),
        (safetensors, "a file of safetensors", "safetensors.numpy.load_file"),
        (vec![0x80, 4, 0x95, 1], "a pickle of Python", "pickle.load"),
        (
            text("cnumpy._core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n"),
            "a pickle of Python",
            "pickle.load",
        ),
        (text("(lp0\nF1.5\naF2.5\na."), "a pickle of Python", "pickle.load"),
        (vec![0x78, 0x9c, 0x6b, 0x60], "packed with zlib, as joblib does", "joblib.load"),
        // Numbers without a header.
        (
            1.5_f64.to_le_bytes().repeat(9),
            "no format that is known; `numpy.save` writes .npy",
            "numpy.fromfile",
        ),
        (
            vec![0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a],
            "a file of PyTorch",
            "torch.load",
        ),
        (archive(&["model/data.pkl", "model/data/0"]), "a file of PyTorch", "torch.load"),
        (archive(&["m/data.pkl", "m/constants.pkl", "m/code/x.py"]), "TorchScript", "`torchscript`"),
        (archive(&["readme.txt"]), "a zip archive without arrays", "numpy.savez"),
        (text("ARROW1\0\0"), "a Feather or Arrow file", "to_parquet"),
        (text("FEA1"), "a Feather or Arrow file", "to_parquet"),
        (text("pt,eta\n1.0,2.0\n"), "text such as CSV", "pandas.read_csv"),
        (text("1.0 2.0 3.0\n"), "text such as CSV", "numpy.loadtxt"),
        (text("[[1, 2], [3, 4]]"), "JSON", "json.load"),
        (text("version https://git-lfs.github.com/spec/v1\noid"), "a pointer of Git LFS", "git lfs pull"),
        (text("<!DOCTYPE html>"), "a page of HTML", ""),
        (text("MATLAB 5.0 MAT-file"), "a MATLAB file", "scipy.io.loadmat"),
        (text("CDF\u{1}"), "a netCDF file", "nccopy"),
        (text("PARE"), "an encrypted Parquet file", "without encryption"),
        (vec![], "an empty file", ""),
    ] {
        // The name does not matter.
        for name in ["events.npy", "events.dat"] {
            let path = folder.path().join(name);
            std::fs::write(&path, &content).unwrap();
            let error = EventFile::open(&path, &Selection::default()).unwrap_err().to_string();
            assert!(
                error.contains(name) && error.contains(expected) && error.contains(cure),
                "{expected}: {error}"
            );
        }
    }
}
