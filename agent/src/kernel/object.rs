//! The compiled programs, in the kernel.

use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::os::fd::AsRawFd;

use aya::maps::{HashMap, Map, MapData, MapError, PerCpuArray, ProgramArray, RingBuf};
use aya::programs::uprobe::{UProbeLink, UProbeScope};
use aya::programs::{ProgramError, RawTracePoint, UProbe};
use aya::{Ebpf, EbpfLoader};

use remit_abi::{
    STREAM, STREAM_ASKS, STREAM_KEY, STREAM_OPEN, STREAM_SEQUENCE, SUMS_BY_BYTES, SUMS_BY_FIELDS,
};

use super::counts::Counts;
use super::descriptors;
use super::error::KernelError;
use super::events::Events;
use super::own::{self, Own};
use crate::capture::Sums;
use crate::probe::{Hook, Point};
use crate::wire::Responses;

/// The compiled programs. Those for this architecture: registers have other names elsewhere.
#[cfg(target_arch = "x86_64")]
static OBJECT: &[u8] = aya::include_bytes_aligned!("../../../ebpf/object/x86_64.o");

/// How much of the agent's attention a cgroup may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Calls with a head, a second.
    pub calls: u32,
    /// For how many nanoseconds a cgroup may save up what it did not use.
    pub burst: u64,
    /// Whether requests of a connection that are the same are added up in the kernel, once one of them was told, and its
    /// answer where that is followed. Where responses are followed as a whole, none are.
    pub sums: bool,
}

impl Default for Share {
    fn default() -> Share {
        Share { calls: 25_000, burst: 1_000_000_000, sums: false }
    }
}

/// The programs in the kernel. They and whatever they are attached to go with this value, and with the process.
pub struct Kernel {
    pub(super) ebpf: Ebpf,
    /// The program that others call for the next step, which is gone from there when this is.
    _next: ProgramArray<MapData>,
    /// Likewise that for a second slice, once it is needed.
    second: Option<ProgramArray<MapData>>,
    counters: PerCpuArray<MapData, u64>,
    /// What the programs remember of connections.
    streams: HashMap<MapData, [u8; STREAM_KEY], [u8; STREAM]>,
}

/// A program attached to a place in a file. Detaches when dropped.
#[derive(Debug)]
pub struct Link {
    _link: UProbeLink,
}

/// The names of the programs that follow processes, and of the tracepoints that they are attached to.
const DEEDS: [(&str, &str); 2] =
    [("program_started", "sched_process_exec"), ("process_ended", "sched_process_exit")];

/// The name of the program of the agent's own function.
const OWN: &str = "own_called";

/// The name of the program that goes on where another could not.
const NEXT: &str = "next_step";

/// The name of the program that follows the second slice of a write of rustls.
const SECOND: &str = "rustls_write_second";

impl Kernel {
    /// Loads the programs that follow the start of programs and the end of processes, and attaches them. Each other one is
    /// loaded when the first file needs it, since most machines need few.
    ///
    /// # Errors
    ///
    /// Where the kernel does not permit it, or is too old.
    pub fn load(share: Share, responses: Responses) -> Result<Kernel, KernelError> {
        descriptors::raise();
        let interval = 1_000_000_000 / u64::from(share.calls.max(1));
        let first_only = u64::from(responses != Responses::Full);
        let mut loader = EbpfLoader::new();
        // The programs touch no structure of the kernel, so its description of them, megabytes, need not be read.
        loader.btf(None);
        loader.override_global("INTERVAL", &interval, true).override_global("BURST", &share.burst, true);
        let sums: u64 = match responses {
            Responses::Off => SUMS_BY_FIELDS,
            Responses::First => SUMS_BY_BYTES,
            Responses::Full => 0,
        };
        let sums = if share.sums { sums } else { 0 };
        let reads = u64::from(responses != Responses::Off);
        loader.override_global("READS", &reads, true);
        // By an odd number, differences are never lost.
        let factor = RandomState::default().hash_one(interval) | 1;
        loader.override_global("DIGEST", &factor, true);
        loader.override_global("FIRST_ONLY", &first_only, true).override_global("SUMS", &sums, true);
        let mut ebpf = loader.load(OBJECT)?;
        // What a call leaves to do is done by one program for all.
        let next = callable(&mut ebpf, NEXT, "STEPS")?;
        for (name, tracepoint) in DEEDS {
            let program = ebpf.program_mut(name).ok_or(KernelError::Missing(name))?;
            let program: &mut RawTracePoint =
                program.try_into().map_err(|source| program_error(name, "loaded", source))?;
            program.load().map_err(|source| program_error(name, "loaded", source))?;
            program.attach(tracepoint).map_err(|source| program_error(name, "attached", source))?;
        }
        let (counters, streams) = (take(&mut ebpf, "COUNTERS")?, take(&mut ebpf, "STREAMS")?);
        Ok(Kernel { ebpf, _next: next, second: None, counters, streams })
    }

    /// Loads all programs, so that it is known whether the kernel takes them.
    ///
    /// # Errors
    ///
    /// Where it does not.
    pub fn load_all(&mut self) -> Result<(), KernelError> {
        for hook in Hook::ALL.into_iter().chain(Hook::MANGLED).chain(Hook::RETURNS).chain([Hook::Floor]) {
            self.load_for(hook)?;
        }
        Ok(())
    }

    /// Loads the program for a function, unless it is loaded, and what it calls.
    fn load_for(&mut self, hook: Hook) -> Result<&mut UProbe, KernelError> {
        if hook == Hook::RustlsWriteVectored && self.second.is_none() {
            self.second = Some(callable(&mut self.ebpf, SECOND, "SECOND")?);
        }
        load(&mut self.ebpf, name(hook))
    }

    /// How many instructions the kernel went through to accept the programs, which is what loading them takes; 0 where it
    /// does not tell, before 5.16.
    #[must_use]
    pub fn effort(&self) -> u64 {
        let counts = self.ebpf.programs().filter_map(|(_, program)| program.info().ok());
        counts.filter_map(|info| info.verified_instruction_count()).map(u64::from).sum()
    }

    /// The events of all programs. There is one reader.
    ///
    /// # Errors
    ///
    /// Where they were taken before, or cannot be waited for.
    pub fn events(&mut self) -> Result<Events, KernelError> {
        Events::new(take::<RingBuf<MapData>>(&mut self.ebpf, "EVENTS")?)
    }

    /// What the programs counted so far.
    ///
    /// # Errors
    ///
    /// Where the kernel does not tell.
    pub fn counts(&self) -> Result<Counts, KernelError> {
        Counts::read(&self.counters)
    }

    /// What was added up on a connection of a process, by its object. None where the connection is not remembered.
    #[must_use]
    pub fn sums(&self, process: u32, connection: u64) -> Option<Sums> {
        let mut key = [0; STREAM_KEY];
        let (object, rest) = key.split_first_chunk_mut()?;
        *object = connection.to_ne_bytes();
        *rest.first_chunk_mut()? = process.to_ne_bytes();
        let stream = self.streams.get(&key, 0).ok()?;
        let number = |at| Some(u32::from_ne_bytes(*stream.get(at..)?.first_chunk()?));
        Some(Sums {
            events: number(STREAM_SEQUENCE)?,
            repeats: number(STREAM_SEQUENCE + 4)?,
            is_open: number(STREAM_ASKS)? & STREAM_OPEN != 0,
        })
    }

    /// Attaches to a place in an open file, for all processes that ever map it. The file is named by its descriptor, so
    /// it is the one that was examined, whatever its path leads to by now.
    ///
    /// # Errors
    ///
    /// Where the kernel refuses.
    pub fn attach(&mut self, file: &File, point: &Point) -> Result<Link, KernelError> {
        self.load_for(point.hook)?;
        self.attach_to(name(point.hook), file, point.offset(), UProbeScope::AllProcesses)
    }

    /// Attaches to the agent's own function, for this thread.
    ///
    /// # Errors
    ///
    /// Where the kernel refuses, or does not tell where the function is.
    pub fn own(&mut self) -> Result<Own, KernelError> {
        let (offset, file) = (own::offset(), own::file());
        let (offset, file) = offset.and_then(|offset| Ok((offset, file?))).map_err(KernelError::Own)?;
        Ok(Own::new(self.attach_to(OWN, &file, offset, UProbeScope::CallingProcess)?))
    }

    fn attach_to(
        &mut self,
        program: &'static str,
        file: &File,
        offset: u64,
        scope: UProbeScope,
    ) -> Result<Link, KernelError> {
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let attached = |source| program_error(program, "attached", source);
        let probe = load(&mut self.ebpf, program)?;
        let link = probe.attach(offset, path, scope).map_err(attached)?;
        Ok(Link { _link: probe.take_link(link).map_err(attached)? })
    }
}

/// The program for a function.
fn name(hook: Hook) -> &'static str {
    match hook {
        Hook::SslWrite => "ssl_write",
        Hook::SslWriteEx => "ssl_write_ex",
        Hook::SslRead => "ssl_read",
        Hook::SslReadEx => "ssl_read_ex",
        Hook::SslDoHandshake | Hook::SslConnect => "ssl_handshake",
        Hook::SslGetVerifyResult => "ssl_verified",
        Hook::SslFree => "ssl_free",
        Hook::GnutlsRecordSend => "gnutls_record_send",
        Hook::GnutlsRecordRecv => "gnutls_record_recv",
        Hook::GnutlsDeinit => "gnutls_deinit",
        Hook::ReadReturn => "read_return",
        Hook::ReadReturned => "read_returned",
        Hook::GoTlsWrite => "go_tls_write",
        Hook::GoTlsRead => "go_tls_read",
        Hook::GoTlsReadReturn => "go_tls_read_return",
        Hook::RustlsWrite => "rustls_write",
        Hook::RustlsWriteVectored => "rustls_write_vectored",
        Hook::Floor => "floor",
    }
}

/// Loads a program, and puts it where others call it.
fn callable(
    ebpf: &mut Ebpf,
    program: &'static str,
    map: &'static str,
) -> Result<ProgramArray<MapData>, KernelError> {
    let fd = load(ebpf, program)?.fd().and_then(|fd| Ok(fd.try_clone()?));
    let fd = fd.map_err(|source| program_error(program, "loaded", source))?;
    let mut place: ProgramArray<MapData> = take(ebpf, map)?;
    place.set(0, &fd, 0).map_err(|source| KernelError::Map { map, source })?;
    Ok(place)
}

/// Takes a map, of which there is one owner.
fn take<T: TryFrom<Map, Error = MapError>>(ebpf: &mut Ebpf, map: &'static str) -> Result<T, KernelError> {
    let taken = ebpf.take_map(map).ok_or(KernelError::Missing(map))?;
    T::try_from(taken).map_err(|source| KernelError::Map { map, source })
}

/// Loads a program, unless it is: functions of which the same is asked share one.
fn load<'a>(ebpf: &'a mut Ebpf, name: &'static str) -> Result<&'a mut UProbe, KernelError> {
    let program = ebpf.program_mut(name).ok_or(KernelError::Missing(name))?;
    let loaded = |source| program_error(name, "loaded", source);
    let probe: &mut UProbe = program.try_into().map_err(loaded)?;
    if probe.fd().is_err() {
        probe.load().map_err(loaded)?;
    }
    Ok(probe)
}

pub(super) fn program_error(program: &'static str, step: &'static str, source: ProgramError) -> KernelError {
    KernelError::Program { program, step, source }
}

#[cfg(test)]
mod tests {
    use remit_tests::skip;

    use super::*;

    #[test]
    fn the_programs_are_loaded_with_little_effort() {
        for responses in [Responses::Off, Responses::First, Responses::Full] {
            let loaded = Kernel::load(Share { sums: true, ..Share::default() }, responses);
            let effort = loaded.and_then(|mut kernel| kernel.load_all().map(|()| kernel.effort()));
            match effort {
                // A million is what the kernel allows one program. It takes about half a second for as many as this; where
                // no response is followed, a third of them are in programs for what is read, which are not loaded then.
                Ok(effort) => {
                    let most = if responses == Responses::Off { 900_000 } else { 500_000 };
                    assert!(effort < most, "{responses:?}: {effort}");
                }
                Err(error) => {
                    assert!(error.to_string().contains("not permitted"), "{error}");
                    let hint = "run as root on a kernel with BPF and uprobes";
                    return skip::loudly("BPF is not permitted here", hint);
                }
            }
        }
    }
}
