//! A Python with PyTorch for the CPU.
//!
//! PyPI's torch for Linux is built for CUDA and names libraries of several GB that a program on the CPU never calls.
//! Empty libraries of the same names, where torch looks first, are enough to load it (with `sys.setdlopenflags(os.RTLD_LAZY)`).

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cache;
use crate::checkout;
use crate::failure::{During, Outcome};

/// What torch needs, and what almost everything does.
const PACKAGES: &[&str] = &[
    "numpy",
    "scipy",
    "typing_extensions",
    "sympy",
    "networkx",
    "jinja2",
    "fsspec",
    "filelock",
    "setuptools",
    "einops",
    "opt_einsum",
    "torch_geometric",
];

/// Packages without theirs.
const TORCH: &[&str] = &["torch==2.13.0", "nvidia-cuda-cupti==13.0.85", "nvidia-cuda-runtime==13.0.96"];

/// What torch 2.13.0 names beside these.
const EMPTY: &[&str] = &[
    "libcublas.so.13",
    "libcublasLt.so.13",
    "libcudnn.so.9",
    "libcufft.so.12",
    "libcufile.so.0",
    "libcurand.so.10",
    "libcusparse.so.12",
    "libcusparseLt.so.0",
    "libnccl.so.2",
    "libnvrtc.so.13",
    "libnvshmem_host.so.3",
];

/// An environment in the user's cache folder.
pub struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The one of this name, which `more` completes; `mark` changes with what it puts there.
    ///
    /// # Errors
    /// The first step's that fails.
    pub fn of(name: &str, mark: &str, more: impl FnOnce(&Environment) -> Outcome) -> Outcome<Self> {
        let environment = Environment { folder: cache::folder()?.join(name) };
        let complete = environment.folder.join(mark);
        if !complete.is_file() {
            println!("{name}: PyTorch and what is run with it go to {} (2 GB)", environment.folder.display());
            environment.set_up()?;
            more(&environment)?;
            File::create(&complete)
                .during(|| format!("mark {} as complete", environment.folder.display()))?;
        }
        Ok(environment)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its interpreter.
    pub fn python(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// `pip install`, to be given what.
    pub fn pip(&self) -> Command {
        let mut command = Command::new(self.python());
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        command
    }

    fn set_up(&self) -> Outcome {
        let folder = &self.folder;
        // What a killed call left.
        if folder.exists() {
            fs::remove_dir_all(folder).during(|| format!("remove {}", folder.display()))?;
        }
        checkout::run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        checkout::run(self.pip().args(PACKAGES))?;
        // `cargo xtask setup` keeps these wheels; pip takes them from there if they fit the user's Python.
        let wheels = folder.with_file_name("wheels");
        checkout::run(self.pip().args(["--no-deps", "--find-links"]).arg(wheels).args(TORCH))?;
        self.empty_libraries()
    }

    /// Puts the empty libraries where torch looks first.
    fn empty_libraries(&self) -> Outcome {
        let packages = "import sysconfig; print(sysconfig.get_path('purelib'))";
        let output = Command::new(self.python()).args(["-c", packages]).output();
        let output = output.during(|| "ask Python for its packages".into())?;
        let packages = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let libraries = Path::new(&packages).join("nvidia/cudnn/lib");
        fs::create_dir_all(&libraries).during(|| format!("make {}", libraries.display()))?;
        for name in EMPTY {
            let mut compiler = Command::new("cc");
            compiler.args(["-shared", "-fPIC", "-x", "c", "/dev/null", "-o"]).arg(libraries.join(name));
            checkout::run(compiler.arg(format!("-Wl,-soname,{name}")))?;
        }
        Ok(())
    }
}
