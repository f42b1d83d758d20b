//! The generators by flow matching as a plugin; what they are stands in `amplicast-nn-flow`.

use amplicast_nn_flow::lgatr::FlowLgatr;
use amplicast_nn_flow::lloca::FlowLloca;
use amplicast_nn_flow::slim::FlowLgatrSlim;
use amplicast_nn_flow::transformer::FlowTransformer;

amplicast_sdk::register_generator!(FlowTransformer);
amplicast_sdk::register_generator!(FlowLgatr);
amplicast_sdk::register_generator!(FlowLgatrSlim);
amplicast_sdk::register_generator!(FlowLloca);
amplicast_sdk::export_plugin!();
