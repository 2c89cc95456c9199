//! libFuzzer's way into `remit_agent_fuzz::elf`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| remit_agent_fuzz::elf(data));
