//! Reads the regular expressions of tokenizer files: what Oniguruma and fancy-regex take, as far as tokenizers use it.
//! Sets of characters are read by regex-syntax; groups, repetition and looks around are read here, because regex-syntax
//! knows no look-around and no possessive repetition.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// A regular expression.
#[derive(Debug, Clone)]
pub enum Node {
    /// A character of a set.
    Set(ClassUnicode),
    /// One after the other; none is the empty text.
    Concat(Vec<Node>),
    /// The first that leads to a match.
    Alternatives(Vec<Node>),
    /// As often as it can, or as seldom where it is lazy.
    Repeat {
        node: Box<Node>,
        least: u32,
        most: Option<u32>,
        lazy: bool,
    },
    /// Whether the character before or after this place is in a set; there is none at the ends of a text.
    Look {
        ahead: bool,
        set: ClassUnicode,
        /// Whether it has to be in it.
        inside: bool,
    },
}

/// Groups inside groups.
const MOST_DEPTH: u32 = 40;
/// Bytes of an expression.
const MOST_BYTES: usize = 10_000;
/// The largest count of a repetition.
const MOST_TIMES: u32 = 1000;

/// Reads an expression.
///
/// # Errors
/// What is malformed or not among what is read.
pub fn parse(text: &str) -> Result<Node, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("has more than {MOST_BYTES} bytes"));
    }
    let mut parser = Parser {
        text,
        at: 0,
        ignore_case: false,
        depth: 0,
    };
    let node = parser.alternatives()?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.fault("has a `)` that nothing opens")),
    }
}

/// A set that is written as in an expression.
///
/// # Errors
/// Where it is none.
pub fn set(text: &str) -> Result<ClassUnicode, String> {
    set_of(text, false)
}

fn one(char: char) -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new(char, char)])
}

fn any() -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new('\0', char::MAX)])
}

fn set_of(text: &str, ignore_case: bool) -> Result<ClassUnicode, String> {
    let mut builder = regex_syntax::ParserBuilder::new();
    let read = builder.case_insensitive(ignore_case).nest_limit(20).build().parse(text);
    match read.map(|hir| hir.into_kind()) {
        Ok(HirKind::Class(Class::Unicode(class))) => Ok(class),
        Ok(HirKind::Literal(bytes)) => match std::str::from_utf8(&bytes.0).map(|text| text.chars().collect::<Vec<_>>())
        {
            Ok(chars) if chars.len() == 1 => Ok(one(chars[0])),
            _ => Err(format!("`{text}` is no set of characters")),
        },
        _ => Err(format!("`{text}` is no set of characters that is known here")),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    ignore_case: bool,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.text[self.at..].starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn fault(&self, what: &str) -> String {
        format!("{what} (byte {} of `{}`)", self.at, self.text)
    }

    fn alternatives(&mut self) -> Result<Node, String> {
        let mut all = vec![self.sequence()?];
        while self.take("|") {
            all.push(self.sequence()?);
        }
        Ok(match all.len() {
            1 => all.swap_remove(0),
            _ => Node::Alternatives(all),
        })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut nodes = Vec::new();
        // Repetitions that give nothing back, by their place: right only where what follows could not take it either.
        let mut possessive = Vec::new();
        while let Some(char) = self.peek()
            && !matches!(char, '|' | ')')
        {
            let node = self.atom()?;
            let (node, kept) = self.repeated(node)?;
            if kept {
                possessive.push(nodes.len());
            }
            nodes.push(node);
        }
        for at in possessive {
            let Node::Repeat { node, .. } = &nodes[at] else {
                continue;
            };
            let (Node::Set(taken), Some(mut next)) = (node.as_ref(), first_of(&nodes[at + 1..])) else {
                return Err(self.fault("has a possessive repetition of a kind that is not known here"));
            };
            next.intersect(taken);
            if next.iter().next().is_some() {
                return Err(self.fault("has a possessive repetition that decides"));
            }
        }
        Ok(Node::Concat(nodes))
    }

    fn atom(&mut self) -> Result<Node, String> {
        match self.peek() {
            Some('(') => self.group(),
            Some('[') => {
                let start = self.at;
                self.skip_class()?;
                set_of(&self.text[start..self.at], self.ignore_case).map(Node::Set)
            }
            Some('.') => {
                self.at += 1;
                set_of(".", false).map(Node::Set)
            }
            Some('^') => {
                self.at += 1;
                set_of(".", false).map(|set| look(false, set, false))
            }
            Some('$') => {
                self.at += 1;
                set_of(".", false).map(|set| look(true, set, false))
            }
            Some('\\') => self.escape(),
            Some(char @ ('*' | '+' | '?')) => Err(self.fault(&format!("has a `{char}` after nothing"))),
            Some(char) => {
                self.at += char.len_utf8();
                let written = regex_syntax::escape(char.encode_utf8(&mut [0; 4]));
                set_of(&written, self.ignore_case).map(Node::Set)
            }
            None => Err(self.fault("ends too early")),
        }
    }

    fn group(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(self.fault("has too many groups inside each other"));
        }
        let outside = self.ignore_case;
        self.at += 1;
        let kinds = [
            ("?=", true, true),
            ("?!", true, false),
            ("?<=", false, true),
            ("?<!", false, false),
        ];
        let node = if let Some(&(_, ahead, inside)) = kinds.iter().find(|(start, ..)| self.take(start)) {
            match self.alternatives()? {
                Node::Concat(nodes) if matches!(nodes[..], [Node::Set(_)]) => match nodes.into_iter().next() {
                    Some(Node::Set(set)) => look(ahead, set, inside),
                    _ => Node::Concat(Vec::new()),
                },
                _ => return Err(self.fault("looks at more than one character around it")),
            }
        } else {
            if self.take("?i:") {
                self.ignore_case = true;
            } else if !self.take("?:") && self.peek() == Some('?') {
                return Err(self.fault("has a group of a kind that is not known here"));
            }
            self.alternatives()?
        };
        if !self.take(")") {
            return Err(self.fault("has a `(` that nothing closes"));
        }
        self.ignore_case = outside;
        self.depth -= 1;
        Ok(node)
    }

    fn escape(&mut self) -> Result<Node, String> {
        let start = self.at;
        self.at += 1;
        let char = self.peek().ok_or_else(|| self.fault("ends in a `\\`"))?;
        self.at += char.len_utf8();
        let word = |parser: &Self| set_of("\\w", false).map_err(|why| parser.fault(&why));
        match char {
            'p' | 'P' | 'x' | 'u' if self.peek() == Some('{') => {
                let close = self.text[self.at..].find('}');
                self.at += close.ok_or_else(|| self.fault("has a `{` that nothing closes"))? + 1;
            }
            'p' | 'P' => self.at += self.peek().map_or(0, char::len_utf8),
            'x' => self.at = self.after(2),
            'u' => self.at = self.after(4),
            'A' => return Ok(look(false, any(), false)),
            'z' => return Ok(look(true, any(), false)),
            'b' | 'B' => {
                let word = word(self)?;
                let sides = |before, after| {
                    Node::Concat(vec![look(false, word.clone(), before), look(true, word.clone(), after)])
                };
                let edge = char == 'b';
                return Ok(Node::Alternatives(vec![sides(true, !edge), sides(false, edge)]));
            }
            '1'..='9' | 'k' | 'G' | 'K' | 'R' | 'X' | 'Z' | 'h' | 'H' => {
                return Err(self.fault(&format!("has `\\{char}`, which is not known here")));
            }
            _ => {}
        }
        set_of(&self.text[start..self.at], self.ignore_case).map(Node::Set)
    }

    /// The place `count` ASCII characters on, or the end.
    fn after(&self, count: usize) -> usize {
        let rest = self.text[self.at..].bytes().take(count);
        self.at + rest.take_while(u8::is_ascii_alphanumeric).count()
    }

    /// Goes past `[…]`, with the sets inside it.
    fn skip_class(&mut self) -> Result<(), String> {
        let mut open = 0;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at += self.peek().map_or(0, char::len_utf8),
                b'[' => open += 1,
                b']' => open -= 1,
                _ => {}
            }
            if open == 0 {
                return Ok(());
            }
        }
        Err(self.fault("has a `[` that nothing closes"))
    }

    /// The node with what follows it to repeat it, and whether that gives nothing back.
    fn repeated(&mut self, node: Node) -> Result<(Node, bool), String> {
        let counted = self.peek() == Some('{');
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let close = self.text[self.at..].find('}');
                let close = self.at + close.ok_or_else(|| self.fault("has a `{` that nothing closes"))?;
                let inner = &self.text[self.at + 1..close];
                let (least, most) = inner.split_once(',').unwrap_or((inner, inner));
                let number = |text: &str| match text.parse::<u32>() {
                    Ok(number) if number <= MOST_TIMES => Ok(number),
                    _ => Err(self.fault("has a count that is no number up to 1000")),
                };
                let least = if least.is_empty() { 0 } else { number(least)? };
                let most = if most.is_empty() { None } else { Some(number(most)?) };
                if most.is_some_and(|most| most < least) {
                    return Err(self.fault("has a count whose end is before its start"));
                }
                self.at = close;
                (least, most)
            }
            _ => return Ok((node, false)),
        };
        self.at += 1;
        let lazy = self.take("?");
        // After a count Oniguruma takes a `+` for one more repetition.
        let kept = !lazy && !counted && self.take("+");
        if matches!(self.peek(), Some('*' | '+' | '?')) {
            return Err(self.fault("repeats a repetition"));
        }
        let repeat = Node::Repeat {
            node: Box::new(node),
            least,
            most,
            lazy,
        };
        Ok((repeat, kept))
    }
}

fn look(ahead: bool, set: ClassUnicode, inside: bool) -> Node {
    Node::Look { ahead, set, inside }
}

/// The characters that what follows may start with; `None` where a look decides. What may be empty adds what comes
/// after it; the end takes nothing.
fn first_of(nodes: &[Node]) -> Option<ClassUnicode> {
    let mut first = ClassUnicode::empty();
    for node in nodes {
        let (set, may_be_empty) = match node {
            Node::Set(set) => (set.clone(), false),
            Node::Repeat { node, least, .. } => match node.as_ref() {
                Node::Set(set) => (set.clone(), *least == 0),
                _ => return None,
            },
            _ => return None,
        };
        first.union(&set);
        if !may_be_empty {
            break;
        }
    }
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_it_does_not_read() {
        for (text, why) in [
            ("a(?=bc)", "more than one character"),
            ("(a)\\1", "not known here"),
            ("(?<name>a)", "not known here"),
            ("[a", "nothing closes"),
            ("(a", "nothing closes"),
            ("a)", "nothing opens"),
            ("*", "after nothing"),
            ("a{2,1}", "before its start"),
            ("a{9999}", "no number up to"),
            ("a++a", "possessive"),
            ("\\", "ends in"),
            ("\\p{Nothing}", "no set"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(parse(&"(".repeat(5000)).is_err());
        assert!(parse(&"[".repeat(5000)).is_err());
    }
}
