//! Its weights are those of other events.

use crate::honest::{Data, DataFault, fault};

fault!(
    DataFault,
    WeightsOfOthers,
    Data,
    register_dataset,
    "dataset-weights-of-others",
    "Its weights are those of other events",
    {
        fn says_weights(&self) -> bool {
            true
        }
    }
);
