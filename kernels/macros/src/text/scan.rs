//! The entry point of a scan: each thread goes through the first index, with what it carries in variables.

use super::{Dialect, Writer, type_name};
use crate::language::{Direction, Scan};

impl Writer<'_> {
    /// The loop over the first index and the carried values' way out; `prefix` stands before extents and scalars.
    pub(super) fn scan(&mut self, scan: Scan, prefix: &str) {
        let kernel = self.kernel;
        let carried = &kernel.locals[kernel.indices..kernel.provided()];
        for local in carried {
            let zero = format!("{}(0)", type_name(local.scalar));
            self.declare(&local.text, local.scalar, true, Some(&zero));
        }
        let (cuda, extent) = (self.dialect == Dialect::Cuda, format!("{prefix}extent_0"));
        let variable = if cuda { "u32 " } else { "var " };
        let (fixed, index) = (if cuda { "const u32" } else { "let" }, &kernel.locals[0].text);
        match scan.direction {
            Direction::Down => {
                self.line(&format!("for ({variable}{index} = 0u; {index} < {extent}; {index}++) {{"));
                self.indent += 1;
            }
            Direction::Up => {
                let remaining = self.fresh("remaining");
                self.line(&format!(
                    "for ({variable}{remaining} = {extent}; {remaining} > 0u; {remaining}--) {{"
                ));
                self.indent += 1;
                self.line(&format!("{fixed} {index} = {remaining} - 1u;"));
            }
        }
        let passed = self.passed(prefix);
        let name = &kernel.text_name;
        let own = kernel.own_outputs();
        let single = kernel.outputs.len() == 1;
        let head = match self.dialect {
            _ if single => format!("{} = {name}", carried[0].text),
            Dialect::Cuda => format!("const {} outputs = {name}", self.values_name()),
            Dialect::Wgsl => format!("let outputs = {name}"),
        };
        self.list(&head, &passed, ";");
        if own > 0 {
            // Threads of one first index write neighbouring values.
            let columns = self.thread_extents(prefix).join(" * ");
            let columns = if kernel.indices > 2 { format!("({columns})") } else { columns };
            let at = match self.dialect {
                Dialect::Cuda => format!("u64({index}) * {columns} + flat"),
                Dialect::Wgsl => format!("{index} * {columns} + flat"),
            };
            for position in 0..own {
                self.line(&format!("output_{position}[{at}] = outputs.v{position};"));
            }
        }
        if !single {
            for (position, local) in carried.iter().enumerate() {
                self.line(&format!("{} = outputs.v{};", local.text, own + position));
            }
        }
        self.indent -= 1;
        self.line("}");
        for (position, local) in carried.iter().enumerate() {
            self.line(&format!("output_{}[flat] = {};", own + position, local.text));
        }
    }
}
