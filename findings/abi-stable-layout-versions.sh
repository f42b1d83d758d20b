#!/usr/bin/env bash
# abi_stable 0.11.3: two types of one name with the same fields and the same layout, one from version 0.1.0 and one from version 0.2.0 of a
# package, are put to `check_layout_compatibility`.
#
# A good guess says: layouts are compared, and these agree; versions are the matter of a root module's own check (`check_version`),
# which is not asked here.
# What happens: the layout check compares the version of the package that declares each type as well. Below 1.0 another minor version is
# refused although the fields are equal; 1.0.0 and 1.1.0 agree in both directions. So a project that numbers its boundary by itself has no
# way to keep it through 0.1 and 0.2 but to have the macros see another version.
#
# Needs: cargo, and crates.io. Run: bash findings/abi-stable-layout-versions.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

for version in 0.1.0 0.2.0 1.0.0 1.1.0; do
    mkdir -p "face-$version/src"
    cat >"face-$version/Cargo.toml" <<EOF
[package]
name = "face"
version = "$version"
edition = "2021"
[dependencies]
abi_stable = { version = "=0.11.3", default-features = false }
EOF
    cat >"face-$version/src/lib.rs" <<'EOF'
#[repr(C)]
#[derive(abi_stable::StableAbi)]
pub struct Face {
    pub number: u32,
}
EOF
done
mkdir -p look/src
cd look
cat >Cargo.toml <<'EOF'
[package]
name = "versions"
version = "0.0.0"
edition = "2021"
[dependencies]
abi_stable = { version = "=0.11.3", default-features = false }
a = { package = "face", path = "../face-0.1.0" }
b = { package = "face", path = "../face-0.2.0" }
c = { package = "face", path = "../face-1.0.0" }
d = { package = "face", path = "../face-1.1.0" }
[workspace]
EOF
cat >src/main.rs <<'EOF'
use abi_stable::abi_stability::abi_checking::check_layout_compatibility;
use abi_stable::StableAbi;

fn main() {
    let [a, b, c, d] = [a::Face::LAYOUT, b::Face::LAYOUT, c::Face::LAYOUT, d::Face::LAYOUT];
    for (name, one, other) in [("0.1.0 0.2.0", a, b), ("1.0.0 1.1.0", c, d), ("1.1.0 1.0.0", d, c), ("0.1.0 0.1.0", a, a)] {
        let found = check_layout_compatibility(one, other);
        let text = found.err().map_or("agrees".into(), |error| error.to_string());
        let versions = text.to_lowercase().contains("version");
        println!("{name}: {}", if text == "agrees" { "agrees" } else if versions { "refused: versions" } else { "refused" });
    }
}
EOF
cargo run --quiet | tee found.txt
diff found.txt - <<'EOF'
0.1.0 0.2.0: refused: versions
1.0.0 1.1.0: agrees
1.1.0 1.0.0: agrees
0.1.0 0.1.0: agrees
EOF
echo "as found with abi_stable 0.11.3"
