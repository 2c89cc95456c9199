//! The table by which the method of a JSON-RPC request is found.
#![expect(clippy::indexing_slicing, reason = "the compiler computes it, to whom a panic is an error")]

use super::{CLASSES, OVER, START, STATES, find};

/// Bits of a step beyond the next state and what is found.
pub(super) const OPENS: u16 = 1 << 12;
pub(super) const CLOSES: u16 = 1 << 13;

const OTHER: u8 = 0;
const SPACE: u8 = 1;
const QUOTE: u8 = 2;
const ESCAPE: u8 = 3;
const OPEN: u8 = 4;
const OPEN_LIST: u8 = 5;
const CLOSE: u8 = 6;
const CLOSE_LIST: u8 = 7;
const COMMA: u8 = 8;
const COLON: u8 = 9;
/// The first of those that names have.
const WORD: u8 = 10;
/// Bytes of names that are told apart, each a class.
const TOLD: [u8; 17] = *b".02acdehjmnoprst_";

pub(super) const fn classes() -> [u8; 256] {
    let mut classes = [OTHER; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        classes[byte as usize] = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => SPACE,
            b'"' => QUOTE,
            b'\\' => ESCAPE,
            b'{' => OPEN,
            b'[' => OPEN_LIST,
            b'}' => CLOSE,
            b']' => CLOSE_LIST,
            b',' => COMMA,
            b':' => COLON,
            b'/' | b'-' | b'$' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => WORD,
            _ => OTHER,
        };
        byte += 1;
    }
    let mut told = 0;
    while told < TOLD.len() {
        classes[TOLD[told] as usize] = WORD + 1 + told as u8;
        told += 1;
    }
    classes
}

/// States within an object whose members are followed.
struct Object {
    /// Before a member.
    key: u8,
    /// Within a name that tells nothing, and behind an escape in one.
    word: u8,
    /// Before the colon behind such a name.
    colon: u8,
    /// Before the value of such a member.
    value: u8,
    /// Within a string.
    text: u8,
    /// Within a number or literal.
    literal: u8,
    /// Within values that are passed over. The next is the state behind them.
    skip: u8,
    /// Behind a value.
    behind: u8,
    /// Where the object ends.
    end: u8,
}

const OUTER: Object =
    Object { key: 2, word: 3, colon: 5, value: 6, text: 7, literal: 9, skip: 12, behind: 13, end: OVER };
const INNER: Object = Object {
    key: 14,
    word: 15,
    colon: 17,
    value: 18,
    text: 19,
    literal: 21,
    skip: 24,
    behind: 25,
    end: OUTER.behind,
};
const METHOD_COLON: u8 = 26;
const METHOD_VALUE: u8 = 27;
const METHOD: u8 = 28;
const PARAMS_COLON: u8 = 29;
const PARAMS_VALUE: u8 = 30;
const VERSION_COLON: u8 = 31;
/// Before the version, and within it.
const VERSION: u8 = 32;
const TOOL_COLON: u8 = 37;
const TOOL_VALUE: u8 = 38;
const TOOL: u8 = 39;
/// The first of the states within names of members that tell something.
const WORDS: u8 = 40;

struct Table {
    steps: [u16; STATES * CLASSES],
    /// The next state that is not used.
    free: u8,
}

impl Table {
    const fn set(&mut self, state: u8, class: u8, step: u16) {
        self.steps[state as usize * CLASSES + class as usize] = step;
    }

    /// All classes lead to a step.
    const fn all(&mut self, state: u8, step: u16) {
        let mut class = 0;
        while class < CLASSES as u8 {
            self.set(state, class, step);
            class += 1;
        }
    }

    /// Bytes of names lead to a step.
    const fn words(&mut self, state: u8, step: u16) {
        let mut class = COLON;
        while class <= WORD + TOLD.len() as u8 {
            self.set(state, class, step);
            class += 1;
        }
    }

    /// Before a colon.
    const fn colon(&mut self, state: u8, value: u8) {
        self.set(state, SPACE, state as u16);
        self.set(state, COLON, value as u16);
    }

    /// A string that tells nothing, with the state behind an escape in it, which is the next.
    const fn text(&mut self, state: u8, behind: u8) {
        self.all(state, state as u16);
        self.set(state, ESCAPE, state as u16 + 1);
        self.set(state, QUOTE, behind as u16);
        self.all(state + 1, state as u16);
    }

    /// Before any value.
    const fn value(&mut self, state: u8, object: &Object) {
        self.all(state, object.literal as u16);
        self.set(state, SPACE, state as u16);
        self.set(state, QUOTE, object.text as u16);
        self.set(state, OPEN, object.skip as u16 | OPENS);
        self.set(state, OPEN_LIST, object.skip as u16 | OPENS);
        let mut class = CLOSE;
        while class <= COLON {
            self.set(state, class, OVER as u16);
            class += 1;
        }
    }

    /// Where a value may be over.
    const fn behind(&mut self, state: u8, object: &Object) {
        self.set(state, SPACE, object.behind as u16);
        self.set(state, COMMA, object.key as u16);
        self.set(state, CLOSE, object.end as u16);
        self.set(state, CLOSE_LIST, OVER as u16);
    }

    const fn object(&mut self, object: &Object) {
        self.set(object.key, SPACE, object.key as u16);
        self.set(object.key, CLOSE, object.end as u16);
        self.text(object.word, object.colon);
        self.colon(object.colon, object.value);
        self.value(object.value, object);
        self.text(object.text, object.behind);
        self.all(object.literal, object.literal as u16);
        self.set(object.literal, QUOTE, OVER as u16);
        self.behind(object.literal, object);
        self.behind(object.behind, object);
        self.all(object.skip, object.skip as u16);
        // A string within, whose states precede.
        self.set(object.skip, QUOTE, object.skip as u16 - 2);
        self.text(object.skip - 2, object.skip);
        self.set(object.skip, OPEN, object.skip as u16 | OPENS);
        self.set(object.skip, OPEN_LIST, object.skip as u16 | OPENS);
        self.set(object.skip, CLOSE, object.skip as u16 | CLOSES);
        self.set(object.skip, CLOSE_LIST, object.skip as u16 | CLOSES);
    }

    /// The name of a member that tells something. All of one object begin with different letters.
    const fn member(&mut self, object: &Object, root: u8, name: &[u8], colon: u8) {
        let mut state = root;
        let mut index = 0;
        let classes = classes();
        while index < name.len() {
            let next = self.free;
            self.free += 1;
            self.all(next, object.word as u16);
            self.set(next, ESCAPE, object.word as u16 + 1);
            self.set(next, QUOTE, object.colon as u16);
            self.set(state, classes[name[index] as usize], next as u16);
            state = next;
            index += 1;
        }
        self.set(state, QUOTE, colon as u16);
    }

    /// The state behind the quote that begins the name of a member.
    const fn root(&mut self, object: &Object) -> u8 {
        let root = self.free;
        self.free += 1;
        self.all(root, object.word as u16);
        self.set(root, ESCAPE, object.word as u16 + 1);
        self.set(root, QUOTE, object.colon as u16);
        self.set(object.key, QUOTE, root as u16);
        root
    }
}

const fn finds(what: u8, state: u8) -> u16 {
    ((what as u16) << 8) | state as u16
}

pub(super) const fn table() -> [u16; STATES * CLASSES] {
    let mut table = Table { steps: [OVER as u16; STATES * CLASSES], free: WORDS };
    table.set(START, SPACE, START as u16);
    table.set(START, OPEN, OUTER.key as u16);
    table.object(&OUTER);
    table.object(&INNER);
    let root = table.root(&OUTER);
    table.member(&OUTER, root, b"method", METHOD_COLON);
    table.member(&OUTER, root, b"params", PARAMS_COLON);
    table.member(&OUTER, root, b"jsonrpc", VERSION_COLON);
    let root = table.root(&INNER);
    table.member(&INNER, root, b"name", TOOL_COLON);
    table.colon(METHOD_COLON, METHOD_VALUE);
    table.set(METHOD_VALUE, SPACE, METHOD_VALUE as u16);
    table.set(METHOD_VALUE, QUOTE, finds(find::METHOD, METHOD));
    table.words(METHOD, METHOD as u16);
    table.set(METHOD, QUOTE, finds(find::METHOD_END, OUTER.behind));
    table.colon(PARAMS_COLON, PARAMS_VALUE);
    table.value(PARAMS_VALUE, &OUTER);
    table.set(PARAMS_VALUE, OPEN, INNER.key as u16);
    table.colon(VERSION_COLON, VERSION);
    let foreign = finds(find::FOREIGN, OVER);
    let mut index = 0;
    let classes = classes();
    let version = *b"\"2.0\"";
    while index < version.len() {
        let state = VERSION + index as u8;
        table.all(state, foreign);
        table.set(state, classes[version[index] as usize], state as u16 + 1);
        index += 1;
    }
    table.set(VERSION, SPACE, VERSION as u16);
    table.set(VERSION + 4, QUOTE, finds(find::VERSION, OUTER.behind));
    table.colon(TOOL_COLON, TOOL_VALUE);
    table.value(TOOL_VALUE, &INNER);
    table.set(TOOL_VALUE, QUOTE, finds(find::TOOL, TOOL));
    table.text(INNER.text, INNER.behind);
    table.all(TOOL, INNER.text as u16);
    table.set(TOOL, ESCAPE, INNER.text as u16 + 1);
    table.words(TOOL, TOOL as u16);
    table.set(TOOL, QUOTE, finds(find::TOOL_END, INNER.behind));
    assert!(table.free as usize <= STATES);
    table.steps
}
