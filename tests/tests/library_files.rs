//! Files that are no plugins, or no longer, are refused with the reason before any of their code runs, and the plugins
//! beside them work.

use std::sync::{Arc, Barrier};

use amplicast::plugins::{Catalogue, Loading};
use amplicast::supervise::Journal;
use amplicast_sdk::abi::{ABI_VERSION, Kind};
use amplicast_tests::{Place, built, library};

/// A plugin, as bytes to be damaged.
fn plugin() -> Vec<u8> {
    std::fs::read(built("libamplicast_metrics.so")).expect("the plugin can be read")
}

/// Replaces every occurrence of `from`; both must have the same length.
fn patched(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut found = 0;
    let mut at = 0;
    while let Some(offset) = bytes[at..].windows(from.len()).position(|window| window == from) {
        at += offset;
        bytes[at..at + to.len()].copy_from_slice(to);
        found += 1;
    }
    assert!(found > 0, "the file does not hold {:?}", String::from_utf8_lossy(from));
    bytes
}

/// The file is refused by `plugins check` with the reason, and without loading any by `plugins list`, which lists all others.
#[track_caller]
fn refused(content: &[u8], reason: &str) {
    refused_by(content, reason, &["plugins", "list"]);
}

/// The file is listed by what it says of itself, and refused with the reason when it is loaded.
#[track_caller]
fn refused_when_loaded(content: &[u8], reason: &str) {
    let place = refused_by(content, reason, &["plugins", "list", "--load"]);
    let listed = place.amplicast(&["plugins", "list", "--plugin-path", "more"]).expect(0);
    listed.prints(&["libstrange.so"]);
}

#[track_caller]
fn refused_by(content: &[u8], reason: &str, list: &[&str]) -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path("more")).expect("a folder");
    place.write("more/libstrange.so", content);
    place.amplicast(&["plugins", "check", "more/libstrange.so"]).expect(2).says(&["libstrange.so: ", reason]);
    let listed = place.amplicast(&[list, &["--plugin-path", "more"]].concat()).expect(1);
    let listed = listed.prints(&["libstrange.so: ", reason, "gaussian-ring", "integral", "ks"]);
    assert_eq!(listed.out.matches("not loaded").count(), 1, "{}", listed.out);
    assert_eq!(listed.out.matches("libstrange.so").count(), 1, "{}", listed.out);
    place
}

#[test]
fn an_empty_file() {
    refused(b"", "expected a shared library, found an empty file");
}

#[test]
fn a_text_file() {
    refused(
        b"[experiment]\nname = \"ring\"\n",
        "expected a shared library (ELF), found another kind of file",
    );
}

#[test]
fn a_plugin_that_is_truncated_at_any_length() {
    let bytes = plugin();
    let place = Place::new();
    let lengths =
        [5, 63, 64, 600, 4096, 20_000, bytes.len() / 4, bytes.len() / 2, bytes.len() - 4096, bytes.len() - 1];
    for length in lengths {
        place.write("libcut.so", &bytes[..length]);
        let ended = place.amplicast(&["plugins", "check", "libcut.so"]).expect(2);
        ended.says(&[&format!(
            "libcut.so: the file is truncated or damaged: {length} bytes do not hold what its headers say"
        )]);
    }
}

#[test]
fn another_architecture() {
    let mut bytes = plugin();
    // e_machine
    bytes[18..20].copy_from_slice(&243_u16.to_le_bytes());
    refused(&bytes, "built for machine number 243, this machine is");
    let mut bytes = plugin();
    let other = if cfg!(target_arch = "x86_64") { (183_u16, "aarch64") } else { (62, "x86_64") };
    bytes[18..20].copy_from_slice(&other.0.to_le_bytes());
    refused(&bytes, &format!("built for {}, this machine is", other.1));
}

#[test]
fn a_library_without_a_tag_is_said_when_asked_for_and_passed_over_on_the_path() {
    // A library that has nothing to do with plugins: a proc macro, which is compiled for the host of every build.
    let folder = amplicast_tests::target_folder().join("deps");
    let other = std::fs::read_dir(folder).expect("the target folder can be read").flatten().map(|e| e.path());
    let mut other =
        other.filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("libserde_derive")));
    let other = other.find(|p| p.extension().is_some_and(|e| e == "so")).expect("serde_derive is compiled");
    let place = Place::new();
    std::fs::create_dir(place.path("more")).expect("a folder");
    place.write("more/libother.so", std::fs::read(other).expect("readable"));
    let ended = place.amplicast(&["plugins", "check", "more/libother.so"]).expect(2);
    ended.says(&["libother.so: no amplicast plugin: it has no tag"]);
    let listed = place.amplicast(&["plugins", "list", "--plugin-path", "more"]).expect(0);
    assert!(!listed.out.contains("libother"), "{}", listed.out);
}

#[test]
fn a_damaged_tag() {
    refused(
        &patched(plugin(), b"amplicast-plugin\n", b"amplicast-plugon\n"),
        "its tag is damaged: rebuild the plugin",
    );
}

#[test]
fn damaged_records() {
    let damaged = "its records of components are damaged: rebuild the plugin";
    refused(&patched(plugin(), b"metric\0ks\0", b"metrik\0ks\0"), damaged);
    refused(&patched(plugin(), b"metric\0ks\0", b"metric\0k\xff\0"), damaged);
    refused(&patched(plugin(), b"metric\0ks\0", b"metric\0k\x1b\0"), damaged);
}

/// What a file says of itself is what its code does.
#[test]
fn records_of_other_components() {
    refused_when_loaded(
        &patched(plugin(), b"metric\0ks\0", b"metric\0kz\0"),
        "its records say metric `kz` (Differential amplification",
    );
}

/// As a plugin would be whose components the linker left out.
#[test]
fn a_tag_without_records() {
    let place = Place::new();
    library(&place, "more", &[], "");
    let listed = place.amplicast(&["plugins", "list", "--plugin-path", "more"]).expect(1);
    listed.prints(&["librude.so: the plugin has no component: expected `register_generator!` or the like"]);
}

/// The boundary has a number of its own: another version of the SDK with the same boundary, a minor one too, is loaded.
#[test]
fn another_version_of_the_sdk() {
    let version = env!("CARGO_PKG_VERSION");
    let (_, patch) = version.split_once('.').expect("a version has parts");
    let tag = format!("amplicast-plugin\n{ABI_VERSION}\n{version}\n");
    for other in [format!("9.{patch}"), version.replacen(".1.", ".9.", 1)] {
        assert_ne!(other, version);
        let place = Place::new();
        std::fs::create_dir(place.path("more")).expect("a folder");
        let bytes = patched(plugin(), tag.as_bytes(), tag.replace(version, &other).as_bytes());
        place.write("more/libother.so", bytes);
        let listed = place.amplicast(&["plugins", "list", "--plugin-path", "more"]).expect(0);
        listed.prints(&["libother.so"]);
        place
            .amplicast(&["plugins", "info", "ks", "--plugin-path", "more"])
            .expect(0)
            .prints(&["libother.so", &format!("built with amplicast-sdk {other}")]);
    }
}

#[test]
fn another_boundary() {
    // Of as many digits.
    let another = ABI_VERSION ^ 1;
    let [own, other] = [ABI_VERSION, another].map(|number| format!("amplicast-plugin\n{number}\n"));
    let bytes = patched(plugin(), own.as_bytes(), other.as_bytes());
    refused(
        &bytes,
        &format!(
            "built for boundary {another} (amplicast-sdk {version}), this host has boundary {ABI_VERSION} (amplicast-sdk {version}): \
             rebuild the plugin against this version of the SDK",
            version = env!("CARGO_PKG_VERSION")
        ),
    );
}

/// The check of abi_stable at load time sees another name of a field: the layout that it compares is data in the file.
#[test]
fn the_same_version_with_another_layout_of_the_boundary() {
    let expected = |of: &str, here: &str, there: &str| {
        format!(
            "another layout of the boundary (in {of}: unexpected field: this host has {here}, the plugin has {there}): \
             rebuild the plugin against this host's SDK"
        )
    };
    let bytes = patched(plugin(), b"drop_errors", b"drop_errata");
    refused_when_loaded(&bytes, &expected("PluginModule", "drop_errors", "drop_errata"));
    let bytes = patched(plugin(), b"null_scale", b"null_scala");
    refused_when_loaded(&bytes, &expected("AbiDeviation", "null_scale", "null_scala"));
}

#[test]
fn a_tag_without_a_module() {
    let bytes = patched(plugin(), b"AMPLICAST_PLUGIN_MODULE\0", b"AMPLICAST_PLUGIN_MODULO\0");
    refused_when_loaded(&bytes, "it has a tag but no symbol AMPLICAST_PLUGIN_MODULE: rebuild the plugin");
}

#[test]
fn a_plugin_whose_libtorch_is_missing() {
    let bytes = std::fs::read(built("libamplicast_autoregressive_torch.so")).expect("the plugin can be read");
    let bytes = patched(bytes, b"\0libtorch_cpu.so\0", b"\0libtorch_gpx.so\0");
    refused_when_loaded(
        &bytes,
        "it needs libtorch_gpx.so, which is not on this machine: run `cargo xtask setup --torch`, or set LIBTORCH",
    );
}

#[test]
fn a_plugin_whose_other_library_is_missing() {
    let bytes = patched(plugin(), b"\0libgcc_s.so.1\0", b"\0libgcc_s.so.9\0");
    refused_when_loaded(&bytes, "it needs libgcc_s.so.9, which is not on this machine");
}

#[test]
fn a_file_that_is_not_there_or_is_a_folder() {
    let place = Place::new();
    place
        .amplicast(&["plugins", "check", "nothing.so"])
        .expect(2)
        .says(&["nothing.so: cannot read the file: "]);
    std::fs::create_dir(place.path("folder.so")).expect("a folder");
    let ended = place.amplicast(&["plugins", "check", "folder.so"]).expect(2);
    ended.says(&["folder.so: expected a shared library, found a folder"]);
}

#[test]
fn a_plugin_twice_on_the_path_is_shadowed() {
    let place = Place::new();
    std::fs::create_dir(place.path("more")).expect("a folder");
    place.write("more/libcopy.so", plugin());
    let listed = place.amplicast(&["plugins", "list", "--plugin-path", "more"]).expect(0);
    let line = listed.out.lines().find(|l| l.contains("shadowed")).expect("a shadowed component");
    assert!(line.contains("libamplicast_metrics.so"), "the first on the path wins: {line}");
}

#[test]
fn an_experiment_whose_plugin_was_refused_says_so() {
    let place = Place::new();
    library(&place, "rude", &[("generator", "strange")], "");
    std::fs::create_dir(place.path("more")).expect("a folder");
    place.write("more/libstrange.so", &plugin()[..5000]);
    place.write(
        "x.toml",
        "[dataset]\nplugin = \"gaussian\"\n[[generator]]\nplugin = \"strange\"\n[[uncertainty]]\nplugin = \"ensemble\"\n\
         [[summary]]\nplugin = \"radius\"\n[[metric]]\nplugin = \"ks\"\nreference = \"truth\"\n",
    );
    let ended = place.amplicast(&["check", "x.toml", "--plugin-path", "more"]).expect(2);
    ended.says(&[
        "no generator component `strange` in any plugin",
        "not loaded: ",
        "libstrange.so: the file is truncated",
    ]);
    // One that names it, and cannot be loaded when it is needed.
    let ended = place.amplicast(&["check", "x.toml", "--plugin-path", "rude"]).expect(2);
    let ended = ended.says(&[
        "no generator component `strange` in any plugin",
        "not loaded: ",
        "librude.so: it has a tag but no symbol",
    ]);
    assert!(!ended.err.contains("did you mean"), "{}", ended.err);
}

/// Whoever comes first loads it, and all others have what came of it, a failure too.
#[test]
fn a_library_is_loaded_once_by_many_threads() {
    let place = Place::new();
    let ran = place.path("ran");
    let code = format!("FILE *f = fopen(\"{}\", \"a\"); fputs(\"x\", f); fclose(f);", ran.display());
    let file = library(&place, "rude", &[("metric", "rude")], &code);
    std::fs::copy(built("libamplicast_metrics.so"), place.path("rude/libsound.so")).expect("a copy");
    let journal = Arc::new(Journal::new(None));
    let loading = Loading { journal: &journal, failures: &[] };
    let catalogue = Catalogue::of_folders(vec![place.path("rude")], loading, &|| false);
    assert!(!ran.exists() && catalogue.libraries().count() == 0);
    let barrier = Barrier::new(8);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                let error = catalogue.find(Kind::Metric, "rude").err().expect("no plugin");
                assert!(error.contains("not loaded: "), "{error}");
                assert_eq!(
                    catalogue.find(Kind::Metric, "ks").map(|e| e.component.name.to_string()),
                    Ok("ks".into())
                );
            });
        }
    });
    assert_eq!(std::fs::read_to_string(&ran).ok().as_deref(), Some("x"), "{}", file.display());
    assert_eq!(catalogue.libraries().count(), 1);
}
