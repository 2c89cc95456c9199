//! Where in a function to attach: at an instruction that the kernel emulates, while the arguments are in place.
//!
//! The kernel puts a breakpoint there. Most instructions it then executes in another place, with a second trap; a few
//! it emulates (`arch/x86/kernel/uprobes.c`: `branch_setup_xol_ops`, `push_setup_xol_ops`), which costs a tenth. A
//! site must be passed exactly once whenever the function is called, and the registers with the arguments must be what
//! they were on entry. Where there is none, the entry itself is always right.

use iced_x86::{
    Code, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, OpAccess, OpKind,
    Register,
};

/// Instructions beyond so many are not considered: arguments do not live long.
const FIRST: usize = 24;

/// The most bytes of a function that are looked through for jumps back to the site.
pub(super) const LONGEST: usize = 16 * 1024;

/// Where a language keeps the arguments of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// System V: RDI, RSI, RDX.
    C,
    /// Go 1.17 and later: RAX, RBX, RCX. The function begins by asking for more stack, and starts again with it.
    Go,
}

/// Where to attach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Bytes from the function's entry.
    pub offset: u64,
    /// Whether the kernel emulates the instruction there.
    pub is_emulated: bool,
}

impl Site {
    /// The entry, which is always passed exactly once.
    pub(super) const ENTRY: Site = Site { offset: 0, is_emulated: false };
}

impl Convention {
    fn arguments(self) -> [Register; 3] {
        match self {
            Convention::C => [Register::RDI, Register::RSI, Register::RDX],
            Convention::Go => [Register::RAX, Register::RBX, Register::RCX],
        }
    }
}

/// Chooses the site in a function, given all its code. Code that is cut off, or whose end is not known, has no site
/// but its entry, since a jump back to another could not be seen.
#[must_use]
pub fn choose(code: &[u8], address: u64, convention: Convention) -> Site {
    if code.is_empty() || code.len() >= LONGEST {
        return Site::ENTRY;
    }
    let arguments = convention.arguments();
    let mut info = InstructionInfoFactory::new();
    for instruction in decode(code, address).take(FIRST) {
        if instruction.is_invalid() {
            return Site::ENTRY;
        }
        let is_restart = convention == Convention::Go
            && instruction.flow_control() == FlowControl::ConditionalBranch
            && starts_again(code, address, instruction.near_branch_target());
        if !is_restart && is_emulated(&instruction) && !is_target(code, address, instruction.ip(), convention)
        {
            return Site { offset: instruction.ip() - address, is_emulated: true };
        }
        let keeps_on = is_restart || instruction.flow_control() == FlowControl::Next;
        let is_overwritten =
            info.info(&instruction).used_registers().iter().any(|used| {
                is_written(used.access()) && arguments.contains(&used.register().full_register())
            });
        if !keeps_on || is_overwritten {
            return Site::ENTRY;
        }
    }
    Site::ENTRY
}

/// More ways out of a function are not probed: each costs a probe. Functions of C have one or two, Go's `Read` has seven.
const WAYS_OUT: usize = 16;

/// Where a function's result is in RAX, and it is about to return: a site before or at each of its returns. None where
/// it may be left otherwise, by a jump into another function, so that what it returns would be missed.
#[must_use]
pub(super) fn exits(code: &[u8], address: u64) -> Option<Vec<Site>> {
    if code.is_empty() || code.len() >= LONGEST {
        return None;
    }
    let end = address.checked_add(code.len() as u64)?;
    let instructions: Vec<Instruction> = decode(code, address).collect();
    let mut sites = Vec::new();
    for (index, instruction) in instructions.iter().enumerate() {
        match instruction.flow_control() {
            FlowControl::Return => sites.push(exit(code, address, instructions.get(..=index)?)),
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch
                if !(address..end).contains(&instruction.near_branch_target()) =>
            {
                return None;
            }
            FlowControl::IndirectBranch | FlowControl::XbeginXabortXend => return None,
            _ if instruction.is_invalid() => return None,
            _ => {}
        }
    }
    (1..=WAYS_OUT).contains(&sites.len()).then_some(sites)
}

/// The site of the return that is the last of these instructions: a check that the stack is sound, which is passed by
/// whoever returns here and nobody else who returns; or else the return.
fn exit(code: &[u8], address: u64, instructions: &[Instruction]) -> Site {
    let mut info = InstructionInfoFactory::new();
    let mut until = instructions.iter().rev();
    let last = until.next().map_or(address, Instruction::ip);
    for instruction in until.take(FIRST) {
        let fails = instruction.near_branch_target();
        if instruction.flow_control() == FlowControl::ConditionalBranch
            && is_emulated(instruction)
            && never_returns(code, address, fails)
            && !is_between(code, address, instruction.ip(), last)
        {
            return Site { offset: instruction.ip() - address, is_emulated: true };
        }
        let writes_result = info
            .info(instruction)
            .used_registers()
            .iter()
            .any(|used| is_written(used.access()) && used.register().full_register() == Register::RAX);
        if instruction.flow_control() != FlowControl::Next || writes_result {
            break;
        }
    }
    Site { offset: last - address, is_emulated: false }
}

/// Whether a jump's target is a call with which the function's code ends, so that it does not return.
fn never_returns(code: &[u8], address: u64, target: u64) -> bool {
    let at = target.checked_sub(address).and_then(|at| usize::try_from(at).ok());
    let Some(rest) = at.and_then(|at| code.get(at..)) else { return false };
    let mut rest = decode(rest, target);
    rest.next().is_some_and(|instruction| instruction.flow_control() == FlowControl::Call)
        && rest.next().is_none()
}

/// Whether any jump of the function leads behind one instruction and up to another.
fn is_between(code: &[u8], address: u64, after: u64, up_to: u64) -> bool {
    decode(code, address).any(|instruction| {
        let jumps = [FlowControl::UnconditionalBranch, FlowControl::ConditionalBranch];
        let target = instruction.near_branch_target();
        jumps.contains(&instruction.flow_control()) && after < target && target <= up_to
    })
}

fn is_written(access: OpAccess) -> bool {
    matches!(access, OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite)
}

/// The instructions of a function, one after the other.
fn decode(code: &[u8], address: u64) -> impl Iterator<Item = Instruction> {
    let mut decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
    std::iter::from_fn(move || decoder.can_decode().then(|| decoder.decode()))
}

/// Whether the kernel emulates the instruction, on all kernels that have what else is needed.
fn is_emulated(instruction: &Instruction) -> bool {
    let is_plain =
        !instruction.has_rep_prefix() && !instruction.has_repne_prefix() && !instruction.has_lock_prefix();
    let has_near_target = instruction.op0_kind() == OpKind::NearBranch64;
    is_plain
        && match instruction.code() {
            Code::Nopd => instruction.len() == 1,
            Code::Push_r64 => instruction.len() <= 2,
            Code::Call_rel32_64 => instruction.len() == 5 && has_near_target,
            Code::Jmp_rel8_64 | Code::Jmp_rel32_64 => matches!(instruction.len(), 2 | 5) && has_near_target,
            _ => instruction.is_jcc_short_or_near() && matches!(instruction.len(), 2 | 6) && has_near_target,
        }
}

/// Whether any jump of the function leads to the site, or to what is before it, from which it would be passed again.
/// Jumps through registers lead to the entry of something else, or into tables of a switch, neither of which is among a
/// function's first instructions; where the function has one, nothing but the entry is certain.
fn is_target(code: &[u8], address: u64, site: u64, convention: Convention) -> bool {
    decode(code, address).any(|instruction| match instruction.flow_control() {
        FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch | FlowControl::XbeginXabortXend => {
            let target = instruction.near_branch_target();
            let is_restart = convention == Convention::Go && target == address && instruction.ip() > site;
            (address..=site).contains(&target) && !is_restart
        }
        FlowControl::IndirectBranch => true,
        _ => instruction.is_invalid(),
    })
}

/// Whether a function begins as Go 1.17 and later let functions begin: by comparing the stack pointer with the limit in
/// the goroutine, which is in R14 since arguments are in registers. Older functions, and places that only a damaged table
/// calls functions, begin otherwise.
#[must_use]
pub(super) fn is_go(code: &[u8]) -> bool {
    let mut instructions = decode(code, 0);
    let is_limit = |instruction: &Instruction| {
        instruction.mnemonic() == iced_x86::Mnemonic::Cmp
            && instruction.memory_base() == Register::R14
            && instruction.memory_displacement64() == 0x10
    };
    instructions.next().is_some_and(|first| {
        is_limit(&first)
            || (first.mnemonic() == iced_x86::Mnemonic::Lea
                && instructions.next().is_some_and(|second| is_limit(&second)))
    })
}

/// Whether a jump's target is where Go asks for more stack: it saves the arguments, calls the runtime, takes them back
/// and jumps to the entry. So the function starts again, and what follows the jump is passed once.
fn starts_again(code: &[u8], address: u64, target: u64) -> bool {
    let Some(rest) = target.checked_sub(address).and_then(|at| code.get(usize::try_from(at).ok()?..)) else {
        return false;
    };
    let mut calls = 0;
    for instruction in decode(rest, target).take(FIRST) {
        match instruction.flow_control() {
            FlowControl::Next if !instruction.is_invalid() => {}
            FlowControl::Call => calls += 1,
            FlowControl::UnconditionalBranch => {
                return calls == 1 && instruction.near_branch_target() == address;
            }
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests;
