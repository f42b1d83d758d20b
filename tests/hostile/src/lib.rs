//! A plugin that misbehaves on demand.
