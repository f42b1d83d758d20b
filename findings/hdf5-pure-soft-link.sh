#!/usr/bin/env bash
# A group of an HDF5 file holds two datasets and a soft link to one of them, as h5py and the HDF5 library write it by default (old-style
# groups). The crate hdf5-pure lists the datasets of the group.
#
# A good guess: the list has the two datasets, and perhaps the link as a third; a reader that does not follow soft links leaves it out.
# What happens: listing fails as a whole, with an error about the arithmetic of an offset, since the link's entry has no object header and
# its undefined address is used all the same. Each dataset can be opened by its name. A program that lists a group before it opens what the user
# named cannot read such a file at all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.16.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import h5py, numpy

with h5py.File("events.h5", "w") as file:
    file["train"] = numpy.arange(6.0).reshape(3, 2)
    file["test"] = numpy.arange(4.0).reshape(2, 2)
    file["latest"] = h5py.SoftLink("/train")
PYTHON
mkdir -p look/src
cat > look/Cargo.toml <<'TOML'
[package]
name = "look"
version = "0.1.0"
edition = "2024"

[dependencies]
hdf5-pure = { version = "=0.47.0", default-features = false, features = ["std", "checksum", "deflate"] }

[workspace]
TOML
cat > look/src/main.rs <<'RUST'
fn main() {
    let file = hdf5_pure::File::open_streaming("events.h5").expect("an HDF5 file");
    match file.root().datasets() {
        Ok(mut names) => {
            names.sort();
            println!("datasets of the root: {names:?}");
        }
        Err(error) => println!("datasets of the root: error: {error}"),
    }
    for name in ["train", "test"] {
        println!("{name}: {:?}", file.dataset(name).and_then(|d| d.shape()).map_err(|e| e.to_string()));
    }
}
RUST
found=$(cargo run --quiet --manifest-path look/Cargo.toml)
expected='datasets of the root: error: HDF5 format error: offset arithmetic overflow: 18446744073709551615 + 4 exceeds u64
train: Ok([3, 2])
test: Ok([2, 2])'
echo "hdf5-pure 0.47.0, h5py 3.16.0"
echo "$found"
[ "$found" = "$expected" ] || { echo "the behavior has changed; it was"; echo "$expected"; exit 1; }
