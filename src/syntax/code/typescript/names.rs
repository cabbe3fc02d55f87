//! Names as JavaScript scopes them. `let`, `const`, classes and functions belong to their block, while a
//! [`Module`](super::super::Module) knows files, functions and classes only: a name that an inner block sets anew gets
//! one of its own, `name#3`.

use std::collections::HashMap;

use super::super::ScopeId;

/// The names that can be seen where the reader stands.
#[derive(Default)]
pub(super) struct Names {
    frames: Vec<HashMap<String, (ScopeId, String)>>,
    /// Which of the frames are bodies of scopes, innermost last.
    bodies: Vec<usize>,
    /// How often each name has been declared in a scope.
    times: HashMap<(ScopeId, String), usize>,
}

impl Names {
    /// Begins the body of a scope.
    pub fn enter_body(&mut self) {
        self.bodies.push(self.frames.len());
        self.enter();
    }

    /// Begins a block.
    pub fn enter(&mut self) {
        self.frames.push(HashMap::new());
    }

    /// Ends the innermost block, or body.
    pub fn leave(&mut self) {
        self.frames.pop();
        if self.bodies.last() == Some(&self.frames.len()) {
            self.bodies.pop();
        }
    }

    /// `var` belongs to the body, wherever it stands.
    pub fn declare_var(&mut self, name: &str, scope: ScopeId) {
        let body = self.bodies.last().and_then(|at| self.frames.get_mut(*at));
        if let Some(body) = body {
            body.entry(name.to_owned()).or_insert_with(|| (scope, name.to_owned()));
        }
    }

    /// A name is declared in the innermost block, which is the body of its scope or (`inner`) stands in it.
    pub fn declare(&mut self, name: &str, scope: ScopeId, inner: bool) {
        if self.frames.last().is_some_and(|frame| frame.contains_key(name)) {
            return;
        }
        let hides = inner && self.find(name).is_some();
        let times = self.times.entry((scope, name.to_owned())).or_default();
        *times += 1;
        let own = if inner && (hides || *times > 1) {
            format!("{name}#{}", *times + 1)
        } else {
            name.to_owned()
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.insert(name.to_owned(), (scope, own));
        }
    }

    /// The scope that holds a name as it is seen here, and what it is called there.
    pub fn find(&self, name: &str) -> Option<(ScopeId, &str)> {
        let mut frames = self.frames.iter().rev();
        frames
            .find_map(|frame| frame.get(name))
            .map(|(scope, own)| (*scope, own.as_str()))
    }
}
