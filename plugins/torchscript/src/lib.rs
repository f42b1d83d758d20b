//! Generators that were trained elsewhere, as TorchScript modules: one file a member.
//!
//! A module has a method `sample(n: int, seed: int)` that gives a tensor of n events, one a row, and may have one that gives
//! the natural logarithms of the densities at events (n x d, double precision), n numbers:
//!
//! ```python
//! class Generator(torch.nn.Module):
//!     @torch.jit.export
//!     def sample(self, n: int, seed: int) -> torch.Tensor:
//!         return self.network(torch.randn([n, 2]))
//!
//! torch.jit.save(torch.jit.script(generator), "member.pt")
//! ```
//!
//! With `largest_weight` the method gives a tuple of n events and their n weights, of which as many events are kept as count alike.
//!
//! Events may also be n x particles x 4. Before each call libtorch's random stream is set from the chunk's seed, which the method gets as well. A module must
//! not keep anything from one call to the next: chunks of events are made in any order, and some of them again.

mod archive;
mod generator;
mod script;
#[cfg(test)]
mod tests;

pub use generator::{TorchScript, TorchScriptConfig};

amplicast_sdk::export_plugin!();
