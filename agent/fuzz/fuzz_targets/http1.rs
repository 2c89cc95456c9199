//! libFuzzer's way into `remit_agent_fuzz::http1`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| remit_agent_fuzz::http1(data));
