use super::WeightsError;
use std::{
    io::{BufRead, ErrorKind, Read},
    path::Path,
};

/// Largest pickle accepted, in bytes. That of a ResNet-152 with its optimizer's state takes 0.3 MB: tensors' numbers
/// are stored outside the pickle.
const LARGEST_PICKLE: u64 = 16 << 20;
/// Most instructions accepted. Each can put one object in memory, and a byte is enough for an instruction.
const MOST_INSTRUCTIONS: u64 = 1 << 20;
/// Longest line of text inside a pickle: a module's or class's name.
const LONGEST_LINE: u64 = 1 << 10;

/// Walks one pickle to its end without building anything, and refuses what a state dictionary never needs.
///
/// The library that reads the tensors executes nothing either, but it passes over objects it doesn't know in silence.
/// A file that asks for `os.system` was made to do harm, and its user should hear of it. The walk also bounds the
/// memory that reading can take.
pub(super) fn inspect(pickle: &mut impl BufRead, path: &Path) -> Result<(), WeightsError> {
    let mut walk = Walk {
        pickle: pickle.take(LARGEST_PICKLE),
        path,
    };
    for _ in 0..MOST_INSTRUCTIONS {
        if walk.instruction()? == Step::Stop {
            return Ok(());
        }
    }
    Err(walk.damaged("its pickle never ends"))
}

#[derive(PartialEq, Eq)]
enum Step {
    Next,
    Stop,
}

struct Walk<'a, R> {
    pickle: std::io::Take<&'a mut R>,
    path: &'a Path,
}

impl<R: BufRead> Walk<'_, R> {
    /// Passes one instruction of pickle protocols 2 and 3, which torch writes (Python's `pickletools` lists them all).
    fn instruction(&mut self) -> Result<Step, WeightsError> {
        let [code] = self.bytes()?;
        match code {
            b'.' => return Ok(Step::Stop),
            // Protocol.
            0x80 => match self.bytes()? {
                [2 | 3] => {}
                [protocol] => {
                    let path = self.path.to_owned();
                    return Err(WeightsError::PickleProtocol { path, protocol });
                }
            },
            // Constants, marks, containers, calls, references to stored tensors.
            b'N'
            | 0x88
            | 0x89
            | b'('
            | b'0'
            | b'1'
            | b'2'
            | b')'
            | b']'
            | b'}'
            | b't'
            | b'l'
            | b'd'
            | b's'
            | b'u'
            | b'a'
            | b'e'
            | 0x85..=0x87
            | b'R'
            | b'b'
            | b'Q'
            | 0x81 => {}
            // Integers, floating-point numbers and memo places of fixed size.
            b'K' | b'h' | b'q' => drop(self.bytes::<1>()?),
            b'M' => drop(self.bytes::<2>()?),
            b'J' | b'j' | b'r' => drop(self.bytes::<4>()?),
            b'G' => drop(self.bytes::<8>()?),
            // Texts, bytes and long integers with their length before them.
            b'U' | b'C' | 0x8a => {
                let [length] = self.bytes()?;
                self.skip(length.into())?;
            }
            b'X' | b'T' | b'B' | 0x8b => {
                let length = u32::from_le_bytes(self.bytes()?);
                self.skip(length.into())?;
            }
            // Numbers and memo places written as text, by Python 2.
            b'I' | b'L' | b'F' | b'V' | b'g' | b'p' => drop(self.line()?),
            b'c' => self.object()?,
            other => {
                return Err(self.damaged(&format!("unexpected pickle instruction 0x{other:02x}")));
            }
        }
        Ok(Step::Next)
    }

    /// A class or function by module and name.
    fn object(&mut self) -> Result<(), WeightsError> {
        let (module, name) = (self.line()?, self.line()?);
        if belongs_in_a_state_dict(&module, &name) {
            return Ok(());
        }
        Err(WeightsError::ForbiddenObject {
            path: self.path.to_owned(),
            object: format!("{module}.{name}"),
        })
    }

    fn bytes<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], WeightsError> {
        let mut bytes = [0; COUNT];
        self.pickle
            .read_exact(&mut bytes)
            .map_err(|error| self.failed(error))?;
        Ok(bytes)
    }

    fn skip(&mut self, length: u64) -> Result<(), WeightsError> {
        let skipped = std::io::copy(&mut (&mut self.pickle).take(length), &mut std::io::sink());
        match skipped {
            Ok(skipped) if skipped == length => Ok(()),
            Ok(_) => Err(self.failed(ErrorKind::UnexpectedEof.into())),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn line(&mut self) -> Result<String, WeightsError> {
        let mut line = Vec::new();
        let read = (&mut self.pickle)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line);
        read.map_err(|error| self.failed(error))?;
        if line.pop() != Some(b'\n') {
            return Err(self.damaged("a line of its pickle does not end"));
        }
        Ok(String::from_utf8_lossy(&line).escape_debug().to_string())
    }

    fn failed(&self, error: std::io::Error) -> WeightsError {
        if error.kind() != ErrorKind::UnexpectedEof {
            return self.damaged(&error.to_string());
        }
        if self.pickle.limit() > 0 {
            return self.damaged("its pickle ends too early");
        }
        let path = self.path.to_owned();
        WeightsError::TooLarge {
            path,
            what: "its pickle",
            limit: LARGEST_PICKLE,
        }
    }

    fn damaged(&self, reason: &str) -> WeightsError {
        WeightsError::Damaged {
            path: self.path.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

/// The classes and functions that PyTorch's own pickles of tensors, dictionaries and optimizer states consist of.
fn belongs_in_a_state_dict(module: &str, name: &str) -> bool {
    const ELEMENT_TYPES: [&str; 10] = [
        "float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8",
        "bool",
    ];
    match module {
        "torch" => {
            name.ends_with("Storage")
                || ELEMENT_TYPES.contains(&name)
                || ["Size", "device"].contains(&name)
        }
        "torch.storage" => ["UntypedStorage", "TypedStorage"].contains(&name),
        "torch._utils" => [
            "_rebuild_tensor",
            "_rebuild_tensor_v2",
            "_rebuild_tensor_v3",
            "_rebuild_parameter",
        ]
        .contains(&name),
        "torch.nn.parameter" => name == "Parameter",
        "collections" => ["OrderedDict", "defaultdict"].contains(&name),
        "__builtin__" | "builtins" => ["dict", "list", "set"].contains(&name),
        // Losses and rates are often numpy scalars.
        "numpy.core.multiarray" | "numpy._core.multiarray" => name == "scalar",
        "numpy" => name == "dtype",
        "_codecs" => name == "encode",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect(pickle: &[u8]) -> Result<(), WeightsError> {
        super::inspect(&mut &pickle[..], Path::new("w.pth"))
    }

    #[test]
    fn an_object_thrown_away_inside_the_pickle_is_still_refused() {
        // os.system('true') called, its result dropped, then an empty dictionary.
        let pickle = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R0}.";
        let error = inspect(pickle).unwrap_err();
        assert!(
            matches!(&error, WeightsError::ForbiddenObject { object, .. } if object == "os.system"),
            "{error}"
        );
    }

    #[test]
    fn a_pickle_of_countless_instructions_is_refused() {
        let pickle = [b"\x80\x02".to_vec(), vec![b'N'; 2 << 20], vec![b'.']].concat();
        assert!(matches!(
            inspect(&pickle),
            Err(WeightsError::Damaged { .. })
        ));
    }

    #[test]
    fn a_pickle_of_a_huge_text_is_refused() {
        let pickle = [
            b"\x80\x02X\x00\x00\x00\x02".to_vec(),
            vec![b'a'; 2 << 24],
            vec![b'.'],
        ]
        .concat();
        assert!(matches!(
            inspect(&pickle),
            Err(WeightsError::TooLarge { .. })
        ));
    }

    #[test]
    fn other_protocols_are_refused() {
        let error = inspect(b"\x80\x04}\x94.").unwrap_err();
        assert!(matches!(
            error,
            WeightsError::PickleProtocol { protocol: 4, .. }
        ));
    }

    #[test]
    fn a_pickle_cut_short_is_damaged() {
        let whole = b"\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s.";
        assert!(inspect(whole).is_ok());
        for length in 0..whole.len() {
            assert!(
                matches!(inspect(&whole[..length]), Err(WeightsError::Damaged { .. })),
                "{length}"
            );
        }
    }
}
