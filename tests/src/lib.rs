//! end-to-end tests over the built programs
