//! Entry points: what the launcher calls, and the loop over all points as a grid of threads.

use super::{Dialect, Writer, type_name};
use crate::language::{Kernel, Role, Scalar};

impl Writer<'_> {
    /// Arguments and slices of a WGSL module.
    pub(super) fn bindings(&mut self) {
        let kernel = self.kernel;
        self.line("struct Arguments {");
        for position in 0..kernel.indices {
            self.line(&format!("    extent_{position}: u32,"));
        }
        for local in &kernel.locals[kernel.provided()..kernel.parameters] {
            if local.role == Role::Scalar {
                let scalar = if local.scalar == Scalar::Bool { Scalar::U32 } else { local.scalar };
                self.line(&format!("    {}: {},", local.text, type_name(scalar)));
            }
        }
        self.line("}");
        self.line("@group(0) @binding(0) var<storage, read> arguments: Arguments;");
        let mut binding = 1;
        for local in &kernel.locals[kernel.provided()..kernel.parameters] {
            if local.role == Role::Slice {
                let scalar = type_name(local.scalar);
                self.line(&format!(
                    "@group(0) @binding({binding}) var<storage, read> {}: array<{scalar}>;",
                    local.text
                ));
                binding += 1;
            }
        }
        for (position, scalar) in kernel.outputs.iter().enumerate() {
            self.line(&format!(
                "@group(0) @binding({}) var<storage, read_write> output_{position}: array<{}>;",
                binding + position,
                type_name(*scalar)
            ));
        }
        self.line("");
    }

    /// What the entry passes to the function; `prefix` stands before scalar parameters.
    pub(super) fn passed(&self, prefix: &str) -> Vec<String> {
        let parameters = &self.kernel.locals[..self.kernel.parameters];
        parameters
            .iter()
            .filter(|local| local.role != Role::Slice || self.dialect == Dialect::Cuda)
            .map(|local| match local.role {
                Role::Scalar if local.scalar == Scalar::Bool => format!("{prefix}{} != 0u", local.text),
                Role::Scalar => format!("{prefix}{}", local.text),
                _ => local.text.clone(),
            })
            .collect()
    }

    fn store(&mut self, prefix: &str) {
        let passed = self.passed(prefix);
        let name = self.kernel.text_name.clone();
        if self.kernel.outputs.len() == 1 {
            return self.list(&format!("output_0[flat] = {name}"), &passed, ";");
        }
        let head = match self.dialect {
            Dialect::Cuda => format!("const {} outputs = {name}", self.values_name()),
            Dialect::Wgsl => format!("let outputs = {name}"),
        };
        self.list(&head, &passed, ";");
        for position in 0..self.kernel.outputs.len() {
            self.line(&format!("output_{position}[flat] = outputs.v{position};"));
        }
    }

    pub(super) fn extents(&self, prefix: &str) -> Vec<String> {
        (0..self.kernel.indices).map(|position| format!("{prefix}extent_{position}")).collect()
    }

    pub(super) fn cuda_entry(&mut self) {
        let kernel = self.kernel;
        self.line("");
        let mut parameters: Vec<String> =
            self.extents("").iter().map(|extent| format!("u32 {extent}")).collect();
        for local in &kernel.locals[kernel.provided()..kernel.parameters] {
            let (name, scalar) = (&local.text, type_name(local.scalar));
            parameters.push(match (local.role, local.scalar) {
                (Role::Slice, _) => format!("const {scalar}* __restrict__ {name}"),
                (_, Scalar::Bool) => format!("u32 {name}"),
                _ => format!("{scalar} {name}"),
            });
        }
        for (position, scalar) in kernel.outputs.iter().enumerate() {
            parameters.push(format!("{}* __restrict__ output_{position}", type_name(*scalar)));
        }
        self.list(&format!("extern \"C\" __global__ void {}_entry", entry_name(kernel)), &parameters, " {");
        self.indent += 1;
        let mut threads = self.thread_extents("");
        threads[0] = format!("u64({})", threads[0]);
        self.line("const u64 flat = u64(blockIdx.x) * blockDim.x + threadIdx.x;");
        self.line(&format!("if (flat >= {}) return;", threads.join(" * ")));
        self.thread_indices("const u32", "u32(flat)", "");
        match kernel.scan {
            Some(scan) => self.scan(scan, ""),
            None => self.store(""),
        }
        self.indent -= 1;
        self.line("}");
    }

    pub(super) fn wgsl_entry(&mut self) {
        let kernel = self.kernel;
        self.line("");
        self.line("@compute @workgroup_size(256)");
        let parameters = [
            "@builtin(global_invocation_id) id: vec3<u32>".to_owned(),
            "@builtin(num_workgroups) groups: vec3<u32>".to_owned(),
        ];
        self.list(&format!("fn {}_entry", entry_name(kernel)), &parameters, " {");
        self.indent += 1;
        self.line("let flat = id.x + id.y * (groups.x * 256u);");
        self.line(&format!("if (flat >= {}) {{", self.thread_extents("arguments.").join(" * ")));
        self.line("    return;");
        self.line("}");
        self.thread_indices("let", "flat", "arguments.");
        match kernel.scan {
            Some(scan) => self.scan(scan, "arguments."),
            None => self.store("arguments."),
        }
        self.indent -= 1;
        self.line("}");
    }

    /// The extents of the indices that each thread has one value of: all but a scan's first.
    pub(super) fn thread_extents(&self, prefix: &str) -> Vec<String> {
        self.extents(prefix).split_off(usize::from(self.kernel.scan.is_some()))
    }

    /// The thread's indices, from their flat number.
    fn thread_indices(&mut self, declaration: &str, flat: &str, prefix: &str) {
        let kernel = self.kernel;
        let first = usize::from(kernel.scan.is_some());
        let mut rest = flat.to_owned();
        for position in (first + 1..kernel.indices).rev() {
            let name = &kernel.locals[position].text;
            self.line(&format!("{declaration} {name} = {rest} % {prefix}extent_{position};"));
            rest = format!("{rest} / {prefix}extent_{position}");
            if position > first + 1 {
                let next = format!("rest_{position}");
                self.line(&format!("{declaration} {next} = {rest};"));
                rest = next;
            }
        }
        self.line(&format!("{declaration} {} = {rest};", kernel.locals[first].text));
    }
}

/// Entries bear the Rust name, which callers know.
fn entry_name(kernel: &Kernel) -> String {
    let name = kernel.name.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_owned()
}
