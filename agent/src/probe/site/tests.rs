use super::*;

/// The site in code at an address that is not 0, so that absolute and relative are told apart.
fn site(code: &[u8]) -> Site {
    choose(code, 0x40_1000, Convention::C)
}

fn emulated(offset: u64) -> Site {
    Site { offset, is_emulated: true }
}

/// OpenSSL 3.0's `SSL_write` begins so, as Debian compiles it.
const WRITE: &[u8] = &[
    0x48, 0x83, 0xec, 0x18, // sub $0x18,%rsp
    0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0x00, 0x00, 0x00, // mov %fs:0x28,%rax
    0x48, 0x89, 0x44, 0x24, 0x08, // mov %rax,0x8(%rsp)
    0x31, 0xc0, // xor %eax,%eax
    0x85, 0xd2, // test %edx,%edx
    0x78, 0x2f, // js
    0x48, 0x89, 0xe1, // mov %rsp,%rcx
    0x48, 0x63, 0xd2, // movslq %edx,%rdx
];

#[test]
fn the_first_emulated_instruction_is_chosen_while_the_arguments_are_in_place() {
    assert_eq!(site(WRITE), emulated(0x16));
    // sub $8,%rsp; call
    assert_eq!(site(&[0x48, 0x83, 0xec, 8, 0xe8, 1, 0, 0, 0, 0xc3]), emulated(4));
    // push %rbp; push %r14
    assert_eq!(site(&[0x55, 0xc3]), emulated(0));
    assert_eq!(site(&[0x41, 0x56, 0xc3]), emulated(0));
    // xor %r8d,%r8d; xor %ecx,%ecx; jmp
    assert_eq!(site(&[0x45, 0x31, 0xc0, 0x31, 0xc9, 0xe9, 0, 0, 1, 0]), emulated(5));
    // endbr64; nop
    assert_eq!(site(&[0xf3, 0x0f, 0x1e, 0xfa, 0x90, 0xc3]), emulated(4));
}

#[test]
fn an_argument_that_is_overwritten_leaves_the_entry() {
    let push = 0x55;
    // mov %rsp,%rdi; mov $0,%sil; movslq %edx,%rdx; xchg %rdi,%rax; cmovs %eax,%edx
    let writes: [&[u8]; 5] =
        [&[0x48, 0x89, 0xe7], &[0x40, 0xb6, 0], &[0x48, 0x63, 0xd2], &[0x48, 0x97], &[0x0f, 0x48, 0xd0]];
    for write in writes {
        let code: Vec<u8> = write.iter().copied().chain([push, 0xc3]).collect();
        assert_eq!(site(&code), Site::ENTRY, "{write:x?}");
    }
    // rep movsb changes all three.
    assert_eq!(site(&[0xf3, 0xa4, push, 0xc3]), Site::ENTRY);
}

#[test]
fn what_can_be_bypassed_or_left_leaves_the_entry() {
    // ret; int3; jmp *%rax; before a push
    for left in [&[0xc3_u8][..], &[0xcc], &[0xff, 0xe0]] {
        let code: Vec<u8> = left.iter().copied().chain([0x55, 0xc3]).collect();
        assert_eq!(site(&code), Site::ENTRY, "{left:x?}");
    }
    // A loop that jumps back to the site, and one that jumps before it.
    // xor %eax,%eax; push %rbp; jne -3 (to the push), or -5 (to the entry)
    assert_eq!(site(&[0x31, 0xc0, 0x55, 0x75, 0xfd, 0xc3]), Site::ENTRY);
    assert_eq!(site(&[0x31, 0xc0, 0x55, 0x75, 0xfb, 0xc3]), Site::ENTRY);
    // One that jumps behind it does no harm.
    assert_eq!(site(&[0x31, 0xc0, 0x55, 0x90, 0x75, 0xfd, 0xc3]), emulated(2));
    // A table of a switch may lead anywhere.
    assert_eq!(site(&[0x31, 0xc0, 0x55, 0xff, 0xe0]), Site::ENTRY);
}

#[test]
fn prefixes_that_the_kernel_does_not_emulate_are_passed_over() {
    // data16 call; bnd jmp; push imm; push mem: none is emulated. Then ret.
    for code in [
        &[0x66, 0xe8, 0, 0, 0, 0, 0xc3][..],
        &[0xf2, 0xe9, 0, 0, 0, 0, 0xc3],
        &[0x6a, 1, 0xc3],
        &[0xff, 0x37, 0xc3],
        &[0x0f, 0x1f, 0x44, 0, 0, 0xc3],
    ] {
        assert_eq!(site(code), Site::ENTRY, "{code:x?}");
    }
}

#[test]
fn go_may_ask_for_more_stack_before_the_site() {
    let code = [
        0x49, 0x3b, 0x66, 0x10, // cmp 0x10(%r14),%rsp
        0x76, 0x04, // jbe more
        0x55, // push %rbp
        0x48, 0x89, 0xe5, // mov %rsp,%rbp
        // more (at 0x0a; the jump's target is 6 + 4)
        0x48, 0x89, 0x44, 0x24, 0x08, // mov %rax,0x8(%rsp)
        0xe8, 0, 0, 0, 0, // call runtime.morestack_noctxt
        0x48, 0x8b, 0x44, 0x24, 0x08, // mov 0x8(%rsp),%rax
        0xeb, 0xe5, // jmp entry (0x1b - 0x1b)
    ];
    assert_eq!(choose(&code, 0x40_1000, Convention::Go), emulated(6));
    assert!(is_go(&code));
    // lea -0x80(%rsp),%r12; cmp 0x10(%r14),%r12
    assert!(is_go(&[0x4c, 0x8d, 0x64, 0x24, 0x80, 0x4d, 0x3b, 0x66, 0x10]));
    // Go 1.16: mov %fs:-8,%rcx; cmp 0x10(%rcx),%rsp
    assert!(!is_go(&[0x64, 0x48, 0x8b, 0x0c, 0x25, 0xf8, 0xff, 0xff, 0xff, 0x48, 0x3b, 0x61, 0x10]));
    assert!(!is_go(WRITE));
    // In C, a jump back to the entry would pass the site twice for one call.
    assert_eq!(choose(&code, 0x40_1000, Convention::C), Site::ENTRY);
    // The jump may lead elsewhere, where nothing starts again.
    let mut elsewhere = code;
    elsewhere[26] = 0xe6;
    assert_eq!(choose(&elsewhere, 0x40_1000, Convention::Go), Site::ENTRY);
}

#[test]
fn code_without_a_known_end_has_its_entry_only() {
    assert_eq!(site(&[]), Site::ENTRY);
    assert_eq!(site(&vec![0x55; LONGEST]), Site::ENTRY);
}

/// OpenSSL 3.0's `SSL_read`, as Debian compiles it, from where its result is known.
const READ: &[u8] = &[
    0x85, 0xc0, // test %eax,%eax
    0x7e, 0x03, // jle +3
    0x8b, 0x04, 0x24, // mov (%rsp),%eax
    0x48, 0x8b, 0x54, 0x24, 0x08, // mov 0x8(%rsp),%rdx
    0x64, 0x48, 0x2b, 0x14, 0x25, 0x28, 0, 0, 0, // sub %fs:0x28,%rdx
    0x75, 0x0d, // jne fails (at 0x24)
    0x48, 0x83, 0xc4, 0x18, // add $0x18,%rsp
    0x31, 0xd2, // xor %edx,%edx
    0xc3, // ret
    0xb8, 0xff, 0xff, 0xff, 0xff, // mov $-1,%eax
    0x90, // nop
    0xe8, 0, 0, 0, 0, // call __stack_chk_fail
];

#[test]
fn a_return_is_seen_at_the_check_before_it() {
    assert_eq!(exits(READ, 0x40_1000), Some(vec![emulated(0x15)]));
    // Whoever jumps behind the check returns without it.
    let mut behind = READ.to_vec();
    behind[3] = 0x13;
    assert_eq!(exits(&behind, 0x40_1000), Some(vec![Site { offset: 0x1d, is_emulated: false }]));
    // A jump that is taken by those who return elsewhere tells nothing.
    let mut elsewhere = READ.to_vec();
    elsewhere[22] = 0x07;
    assert_eq!(exits(&elsewhere, 0x40_1000), Some(vec![Site { offset: 0x1d, is_emulated: false }]));
    // A result that is made after the check is not known there: xor %eax,%eax.
    let mut later = READ.to_vec();
    later[28] = 0xc0;
    assert_eq!(exits(&later, 0x40_1000), Some(vec![Site { offset: 0x1d, is_emulated: false }]));
}

#[test]
fn a_function_that_may_be_left_by_a_jump_has_no_certain_exits() {
    // test %eax,%eax; je away; ret
    assert_eq!(exits(&[0x85, 0xc0, 0x74, 0x7f, 0xc3], 0x40_1000), None);
    assert_eq!(exits(&[0xff, 0xe0], 0x40_1000), None);
    assert_eq!(exits(&[0x90], 0x40_1000), None);
}

proptest::proptest! {
    #[test]
    fn any_bytes_have_a_site_within_them(code in proptest::collection::vec(0_u8.., 0..200)) {
        for convention in [Convention::C, Convention::Go] {
            let site = choose(&code, 0x1000, convention);
            proptest::prop_assert!(site.offset == 0 || (site.offset as usize) < code.len());
            proptest::prop_assert!(site.is_emulated || site.offset == 0);
        }
    }
}
