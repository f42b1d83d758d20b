//! Numbers of its groups come again.

use crate::honest::{Data, DataFault, fault};

fault!(
    DataFault,
    GroupsAgain,
    Data,
    register_dataset,
    "dataset-groups-again",
    "Numbers of its groups come again",
    {
        fn says_groups(&self) -> bool {
            true
        }
    }
);
