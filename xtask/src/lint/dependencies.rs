//! Arrows point one way: plugins -> sdk <- host, and nothing that is built by default links libtorch.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

const SDK: &str = "amplicast-sdk";
const HOST: &str = "amplicast";
/// What the host computes with: a part of it.
const STATISTICS: &str = "amplicast-statistics";
/// What plugins may depend on: the SDK, and the plain libraries that neural plugins and readers of files share.
const FOR_PLUGINS: [&str; 6] = [
    SDK,
    "amplicast-nn",
    "amplicast-nn-autoregressive",
    "amplicast-nn-flow",
    "amplicast-nn-torch",
    "amplicast-tables",
];
/// What only members may link that are not among those built by default.
const LIBTORCH: [&str; 2] = ["tch", "torch-sys"];

/// Every arrow that points the wrong way, one line each; `metadata` is what `cargo metadata` prints.
pub fn violations(metadata: &Value) -> Vec<String> {
    let graph = Graph::read(metadata);
    let mut found = Vec::new();
    for (name, allowed) in [(SDK, &[][..]), (STATISTICS, &[SDK]), (HOST, &[SDK, STATISTICS])] {
        match graph.members.iter().find(|(_, member)| member.name == name) {
            Some((id, _)) => found.extend(graph.beyond(id, allowed)),
            None => found.push(format!("the workspace has no package {name}")),
        }
    }
    for (id, member) in &graph.members {
        if member.is_plugin {
            found.extend(graph.beyond(id, &FOR_PLUGINS));
        }
        if member.is_default {
            found.extend(
                LIBTORCH
                    .iter()
                    .filter_map(|target| graph.way(id, target))
                    .map(|way| format!("{} must not link libtorch, but does: {way}", member.name)),
            );
        }
    }
    found
}

struct Member<'a> {
    name: &'a str,
    is_plugin: bool,
    /// Whether `cargo build` builds it.
    is_default: bool,
}

#[derive(Default)]
struct Graph<'a> {
    members: BTreeMap<&'a str, Member<'a>>,
    names: BTreeMap<&'a str, &'a str>,
    arrows: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Graph<'a> {
    fn read(metadata: &'a Value) -> Self {
        let root = text(&metadata["workspace_root"]);
        let member_ids: BTreeSet<_> = list(&metadata["workspace_members"]).iter().map(text).collect();
        let defaults: BTreeSet<_> = list(&metadata["workspace_default_members"]).iter().map(text).collect();
        let mut graph = Graph::default();
        for package in list(&metadata["packages"]) {
            let (id, name) = (text(&package["id"]), text(&package["name"]));
            graph.names.insert(id, name);
            if member_ids.contains(id) {
                let manifest = text(&package["manifest_path"]);
                let is_plugin = manifest
                    .strip_prefix(root)
                    .is_some_and(|path| path.trim_start_matches('/').starts_with("plugins/"));
                graph.members.insert(id, Member { name, is_plugin, is_default: defaults.contains(id) });
            }
        }
        // Dependencies of every kind count: a test or build script that points the wrong way is one too.
        for node in list(&metadata["resolve"]["nodes"]) {
            let to = list(&node["deps"]).iter().map(|dependency| text(&dependency["pkg"])).collect();
            graph.arrows.insert(text(&node["id"]), to);
        }
        graph
    }

    /// Direct dependencies of `id` on workspace crates other than `allowed`.
    fn beyond(&self, id: &str, allowed: &[&str]) -> Vec<String> {
        let name = self.names[id];
        let may = if allowed.is_empty() { "no workspace crate".to_owned() } else { allowed.join(", ") };
        self.to(id)
            .filter_map(|to| self.members.get(to))
            // A crate's own dev-dependency on itself points nowhere.
            .filter(|to| to.name != name && !allowed.contains(&to.name))
            .map(|to| format!("{name} depends on {}; it may depend on {may}", to.name))
            .collect()
    }

    /// A shortest way from a package to one named `target`.
    fn way(&self, from: &'a str, target: &str) -> Option<String> {
        let mut ways = VecDeque::from([vec![from]]);
        let mut seen = BTreeSet::from([from]);
        while let Some(way) = ways.pop_front() {
            let last = way[way.len() - 1];
            if self.names.get(last) == Some(&target) {
                return Some(way.iter().map(|id| self.names[id]).collect::<Vec<_>>().join(" -> "));
            }
            ways.extend(self.to(last).filter(|to| seen.insert(to)).map(|to| [&way[..], &[to]].concat()));
        }
        None
    }

    fn to(&self, id: &str) -> impl Iterator<Item = &'a str> {
        self.arrows.get(id).into_iter().flatten().copied()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace of the given crates and arrows; `serde` and libtorch's crates are not members.
    fn workspace(arrows: &[(&str, &[&str])]) -> Value {
        let folder = |name: &str| match name {
            SDK => "sdk".to_owned(),
            HOST => "host".to_owned(),
            STATISTICS => "host/statistics".to_owned(),
            plugin => format!("plugins/{plugin}"),
        };
        let is_member = |name: &str| name.starts_with("amplicast");
        let package = |name: &str| json!({"id": name, "name": name, "manifest_path": format!("/w/{}/Cargo.toml", folder(name))});
        let names = || arrows.iter().map(|(name, _)| *name);
        json!({
            "workspace_root": "/w",
            "workspace_members": names().filter(|name| is_member(name)).collect::<Vec<_>>(),
            "workspace_default_members":
                names().filter(|name| is_member(name) && !name.ends_with("-torch")).collect::<Vec<_>>(),
            "packages": names().map(package).collect::<Vec<_>>(),
            "resolve": {"nodes": arrows.iter().map(|(name, to)| json!({
                "id": name,
                "deps": to.iter().map(|to| json!({"pkg": to})).collect::<Vec<_>>(),
            })).collect::<Vec<_>>()},
        })
    }

    #[test]
    fn the_right_direction_passes() {
        let metadata = workspace(&[
            (SDK, &["serde"]),
            (STATISTICS, &[SDK]),
            (HOST, &[SDK, STATISTICS, "serde"]),
            ("amplicast-nn", &[SDK]),
            ("amplicast-nn-torch", &[SDK, "amplicast-nn", "tch"]),
            ("amplicast-flow", &[SDK, "amplicast-nn"]),
            ("serde", &[]),
            ("tch", &["torch-sys"]),
            ("torch-sys", &[]),
        ]);
        assert_eq!(violations(&metadata), [""; 0]);
    }

    #[test]
    fn every_wrong_arrow_is_named() {
        let metadata = workspace(&[
            (SDK, &[HOST]),
            (STATISTICS, &[SDK]),
            (HOST, &[SDK, "amplicast-flow"]),
            ("amplicast-flow", &[HOST, "tch"]),
            ("tch", &[]),
        ]);
        let found = violations(&metadata).join("\n");
        for line in [
            "amplicast-sdk depends on amplicast; it may depend on no workspace crate",
            "amplicast depends on amplicast-flow; it may depend on amplicast-sdk, amplicast-statistics",
            "amplicast-flow depends on amplicast; it may depend on amplicast-sdk, amplicast-nn,",
            "amplicast-flow must not link libtorch, but does: amplicast-flow -> tch",
            "amplicast must not link libtorch, but does: amplicast -> amplicast-flow -> tch",
        ] {
            assert!(found.contains(line), "{line} is not in\n{found}");
        }
    }

    #[test]
    fn a_renamed_crate_is_not_taken_for_a_clean_one() {
        assert!(
            violations(&workspace(&[(SDK, &[])])).contains(&"the workspace has no package amplicast".into())
        );
    }
}
