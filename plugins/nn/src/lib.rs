//! What the neural plugins share.
