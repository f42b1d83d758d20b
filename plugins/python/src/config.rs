//! What all classes are configured with, beside what one kind of them has of its own.

/// A configuration with the keys of every class, and its [`Script`](crate::door::Script).
///
/// A macro, and no struct inside of another: only keys of one struct are refused with the list of those that there are.
macro_rules! class_config {
    ($(#[$meta:meta])* $name:ident, $class:literal, $methods:expr, $optional:expr, {
        $($(#[$own_meta:meta])* $own:ident: $type:ty = $default:expr),* $(,)?
    }) => {
        amplicast_sdk::config! {
            $(#[$meta])*
            pub struct $name {
                /// A file in Python.
                pub file: amplicast_sdk::InputPath = std::path::PathBuf::new().into(),
                #[doc = $class]
                pub class: String = String::new(),
                /// The interpreter: a name on PATH, or an absolute path, such as that of a virtual environment's `bin/python`.
                pub python: String = "python3".into(),
                /// Interpreters that work at once; 1 where they share a GPU. What comes out does not depend on it.
                pub processes: usize = 2,
                /// Keywords that the class is made with.
                pub settings: amplicast_sdk::serde_json::Map<String, amplicast_sdk::serde_json::Value> = Default::default(),
                /// Gigabytes of address space of one interpreter; none by default.
                pub memory_limit: Option<f64> = None,
                $($(#[$own_meta])* pub $own: $type = $default),*
            }
        }

        impl $name {
            fn script(&self) -> $crate::door::Script {
                $crate::door::Script {
                    file: self.file.to_path_buf(),
                    class: self.class.clone(),
                    python: self.python.clone(),
                    processes: self.processes,
                    memory_limit: self.memory_limit,
                    settings: self.settings.clone(),
                    methods: $methods,
                    optional: $optional,
                }
            }
        }
    };
}

pub(crate) use class_config;
