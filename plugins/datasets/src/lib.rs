//! Datasets of amplicast: gaussian, gaussian-ring, events-file.
