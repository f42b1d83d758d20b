//! What was built: the host and the plugins.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Plugins that need libtorch, which takes its time to load.
const HEAVY: [&str; 3] = [
    "libamplicast_autoregressive_torch.so",
    "libamplicast_flow_matching_torch.so",
    "libamplicast_torchscript.so",
];

/// The folder in which cargo put this test's host and plugins, such as `target/debug`.
pub fn target_folder() -> PathBuf {
    let executable = std::env::current_exe().expect("a test has an executable");
    // target/debug/deps/name-of-the-test
    let folder = executable.parent().and_then(Path::parent).expect("tests lie in target/PROFILE/deps");
    folder.to_path_buf()
}

/// A built file; says what to call if it is not there.
pub fn built(name: &str) -> PathBuf {
    let file = target_folder().join(name);
    assert!(
        file.is_file(),
        "{} is not built: `cargo xtask test`, or `cargo build --workspace && cargo build -p amplicast-tests --examples`",
        file.display()
    );
    file
}

/// All plugins beside the host.
pub fn plugins() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(target_folder())
        .expect("the target folder can be read")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "so"))
        .collect();
    files.sort();
    files
}

/// A folder of this test alone with the host and the plugins that need no libtorch, so that every call is quick.
pub fn light_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let executable = std::env::current_exe().expect("a test has an executable");
        let name = executable.file_name().expect("an executable has a name");
        // On the file system of the target folder, so that links suffice.
        let folder = target_folder().join("amplicast-tests").join(name);
        std::fs::create_dir_all(folder.join("hostile")).expect("the target folder can be written");
        link(&built("amplicast"), &folder.join("amplicast"));
        for plugin in plugins() {
            let name = plugin.file_name().expect("a file has a name");
            if !HEAVY.iter().any(|heavy| name == *heavy) {
                link(&plugin, &folder.join(name));
            }
        }
        folder
    })
}

/// The folder with the plugin that misbehaves, for `--plugin-path`.
pub fn hostile_plugin() -> PathBuf {
    let folder = light_folder().join("hostile");
    static LINKED: OnceLock<()> = OnceLock::new();
    LINKED.get_or_init(|| link(&built("examples/libhostile.so"), &folder.join("libhostile.so")));
    folder
}

fn link(from: &Path, to: &Path) {
    // What an earlier run of the test left may be older than what is built now.
    let _ = std::fs::remove_file(to);
    std::fs::hard_link(from, to)
        .or_else(|_| std::fs::copy(from, to).map(drop))
        .unwrap_or_else(|error| panic!("{} -> {}: {error}", from.display(), to.display()));
}
