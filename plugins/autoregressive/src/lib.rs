//! The generator `autoregressive` as a plugin; what it is stands in `amplicast-nn-autoregressive`.

use amplicast_nn_autoregressive::Autoregressive;

amplicast_sdk::register_generator!(Autoregressive);
amplicast_sdk::export_plugin!();
