//! Columns of Azure Monitor's tables that hold objects, and that some print as text.

use crate::scan::{Cursor, Fault, Find, Text, Value};

/// The columns of `AKSAudit` and `AKSAuditAdmin` whose type is `dynamic`.
const DYNAMIC: [&[u8]; 8] = [
    b"Annotations",
    b"ImpersonatedUser",
    b"ObjectRef",
    b"RequestObject",
    b"ResponseObject",
    b"ResponseStatus",
    b"SourceIps",
    b"User",
];

/// Whether a column has the text of an object or list; the cursor is before its value.
#[inline]
pub(super) fn is_text<F: Find>(name: Text<'_>, cursor: &mut Cursor<'_, F>) -> Result<bool, Fault> {
    // A server begins all names with small letters.
    if !name.raw.first().is_some_and(u8::is_ascii_uppercase) || !DYNAMIC.contains(&name.raw) {
        return Ok(false);
    }
    cursor.look()?;
    Ok(matches!(cursor.rest(), [b'"', b'{' | b'[', ..]))
}

/// The row with the objects and lists that texts of its columns hold.
pub(super) fn as_objects(row: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut cursor = Cursor::new(row);
    let mut written = vec![b'{'];
    let mut first = true;
    cursor.enter()?;
    loop {
        let is_first = first;
        let Some(name) = cursor.key(&mut first)? else { break };
        cursor.look()?;
        let (start, rest) = (cursor.position(), cursor.rest());
        let value = cursor.value()?;
        if !is_first {
            written.push(b',');
        }
        for part in [b"\"", name.raw, b"\":"] {
            written.extend_from_slice(part);
        }
        match value {
            Value::Text(text) if DYNAMIC.contains(&name.raw) && write_object(text, &mut written) => {}
            _ => written.extend_from_slice(rest.get(..cursor.position() - start).unwrap_or_default()),
        }
    }
    written.push(b'}');
    Ok(written)
}

/// Writes the object or list that a text holds, if it holds one and nothing else.
fn write_object(text: Text<'_>, written: &mut Vec<u8>) -> bool {
    let Some(text) = text.decode() else { return false };
    let mut cursor = Cursor::new(text.as_bytes());
    let is_object = cursor.value().is_ok_and(|value| value.nested().is_some());
    if !is_object || cursor.look() != Err(Fault::End) {
        return false;
    }
    written.extend_from_slice(text.as_bytes());
    true
}
