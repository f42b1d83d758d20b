//! Lets this crate's tests find libtorch where it was linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Ok(folder) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        // Old tags, which LD_LIBRARY_PATH does not override: a PyTorch that a cluster's module put there is another libtorch.
        println!("cargo:rustc-link-arg=-Wl,--disable-new-dtags,-rpath,{folder}");
    }
}
