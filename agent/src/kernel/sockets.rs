//! The programs that see what sockets send first.

use std::fs::File;

use aya::maps::Array;
use aya::programs::{CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, CgroupSockAddr, Program};

use super::error::KernelError;
use super::object::{Kernel, program_error};

impl Kernel {
    /// Follows the sockets of a cgroup of version 2 and of all below it: who connects them, and what they send and are
    /// answered that tells whom they mean. Nothing they send is changed or held up.
    ///
    /// # Errors
    ///
    /// Where the kernel does not permit it. Then no connection is told of.
    pub fn follow_sockets(&mut self, cgroup: &File) -> Result<(), KernelError> {
        let followed = self.match_objects(true).and_then(|()| self.attach_to_sockets(cgroup));
        if followed.is_err() {
            // A part of it would cost the workload and tell nothing.
            for name in ["sent", "received", "connected6", "connected4"] {
                self.unload(name);
            }
            self.match_objects(false)?;
        }
        followed
    }

    /// Whether the programs that see plaintext tell of each object, for sockets to be matched with.
    fn match_objects(&mut self, are_matched: bool) -> Result<(), KernelError> {
        let map = self.ebpf.map_mut("MATCHED").ok_or(KernelError::Missing("MATCHED"))?;
        let map_error = |source| KernelError::Map { map: "MATCHED", source };
        Array::try_from(map).map_err(map_error)?.set(0, u32::from(are_matched), 0).map_err(map_error)
    }

    /// The kernel attaches by links, which leave room for the programs of others whatever the mode says.
    fn attach_to_sockets(&mut self, cgroup: &File) -> Result<(), KernelError> {
        for name in ["connected4", "connected6"] {
            let program = self.ebpf.program_mut(name).ok_or(KernelError::Missing(name))?;
            let program: &mut CgroupSockAddr =
                program.try_into().map_err(|source| program_error(name, "loaded", source))?;
            program.load().map_err(|source| program_error(name, "loaded", source))?;
            let attached = program.attach(cgroup, CgroupAttachMode::Single);
            attached.map_err(|source| program_error(name, "attached", source))?;
        }
        // What tells of connections comes last: without the others, it would tell of them wrongly.
        let both = [("received", CgroupSkbAttachType::Ingress), ("sent", CgroupSkbAttachType::Egress)];
        for (name, way) in both {
            let program = self.ebpf.program_mut(name).ok_or(KernelError::Missing(name))?;
            let program: &mut CgroupSkb =
                program.try_into().map_err(|source| program_error(name, "loaded", source))?;
            program.load().map_err(|source| program_error(name, "loaded", source))?;
            let attached = program.attach(cgroup, way, CgroupAttachMode::Single);
            attached.map_err(|source| program_error(name, "attached", source))?;
        }
        Ok(())
    }

    /// Leaves sockets alone again. To be done before probes are detached: what they do not see any more would be told of as
    /// if they never could.
    pub fn leave_sockets(&mut self) {
        self.unload("sent");
    }

    /// Unloads one of the programs, with all that it is attached to.
    fn unload(&mut self, name: &str) {
        // It fails where the program was not loaded.
        let _ = match self.ebpf.program_mut(name) {
            Some(Program::CgroupSkb(program)) => program.unload(),
            Some(Program::CgroupSockAddr(program)) => program.unload(),
            _ => Ok(()),
        };
    }
}

#[cfg(test)]
mod tests {
    use remit_abi::Counter;
    use remit_tests::skip;

    use super::*;
    use crate::kernel::Share;
    use crate::wire::Responses;

    #[test]
    fn where_sockets_cannot_be_followed_nothing_is_told_of_them_and_the_rest_works() {
        let mut kernel = match Kernel::load(Share::default(), Responses::First) {
            Ok(kernel) => kernel,
            Err(error) => {
                assert!(error.to_string().contains("not permitted"), "{error}");
                return skip::loudly(
                    "BPF is not permitted here",
                    "run as root on a kernel with BPF and uprobes",
                );
            }
        };
        let error = kernel.follow_sockets(&tempfile::tempfile().unwrap()).unwrap_err().to_string();
        assert!(error.starts_with("program `connected4` cannot be attached: "), "{error}");
        assert_eq!(kernel.counts().unwrap().of(Counter::Sockets), 0);
        kernel.leave_sockets();
        kernel.load_all().unwrap();
    }
}
