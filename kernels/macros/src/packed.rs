//! The CPU code of a kernel for several values of its last index at once.
//!
//! What is the same for all lanes is computed once, as in the plain code. What varies is a `Pack`: contiguous memory
//! is loaded with one bounds check, and the arithmetic of a statement becomes one loop over the lanes, which LLVM
//! turns into vector instructions. An `if` on a varying condition runs lane by lane where it loads nothing;
//! otherwise it asks first whether all lanes agree, as they do away from boundaries.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use crate::kinds::{Kind, Kinds};
use crate::language::{
    BinaryOperator, Block, Expression, ExpressionKind, Kernel, LocalId, Role, Scalar, Statement,
};
use crate::rust::{Code, Plain, Substitution};

/// The function `packed` of the generated module; the span of the obstacle where there can be none.
pub(crate) fn function(kernel: &Kernel) -> Result<TokenStream, proc_macro2::Span> {
    let kinds = Kinds::of(kernel)?;
    let code = Code::new(kernel, true);
    let mut packer = Packer { code: &code, kinds: &kinds, counter: 0, falls_back: false };
    let body = packer.statements(&kernel.body);
    let fallback = packer.falls_back.then(|| packer.fallback());
    let outputs: Vec<_> = kernel.outputs.iter().map(|scalar| code.ty(*scalar)).collect();
    let generics = kernel.real.as_ref().map(|real| quote!(#real: ::terrella_kernels::Real,));
    let inputs = kernel.signature.inputs.iter().zip(&kernel.locals).map(|(input, local)| match local.role {
        Role::Carried => {
            let (ident, ty) = (&local.ident, code.ty(local.scalar));
            quote!(#ident: ::terrella_kernels::Pack<#ty, LANES>)
        }
        _ => quote!(#input),
    });
    Ok(quote! {
        #[inline(always)]
        fn packed<#generics const LANES: usize>(#(#inputs),*) -> (#(::terrella_kernels::Pack<#outputs, LANES>,)*) {
            #fallback
            #body
        }
    })
}

struct Packer<'a> {
    code: &'a Code<'a>,
    kinds: &'a Kinds,
    counter: usize,
    /// Whether some lanes may have to be computed one by one.
    falls_back: bool,
}

impl Packer<'_> {
    fn kernel(&self) -> &Kernel {
        self.code.kernel
    }

    fn fresh(&mut self, name: &str) -> Ident {
        self.counter += 1;
        format_ident!("__{}_{}", name, self.counter)
    }

    fn is_uniform(&self, expression: &Expression) -> bool {
        self.kinds.expression(expression) == Kind::Uniform
    }

    /// The point function for each lane, for packs whose lanes part ways.
    fn fallback(&self) -> TokenStream {
        let kernel = self.kernel();
        let name = &kernel.name;
        let real = kernel.real.as_ref().map(|real| quote!(::<#real>));
        let arguments = kernel.locals[..kernel.parameters].iter().map(|local| {
            let ident = &local.ident;
            match local.role {
                Role::Index(index) if index + 1 == kernel.indices => {
                    quote!(#ident.wrapping_add(__lane as u32))
                }
                Role::Carried => quote!(#ident.0[__lane]),
                _ => quote!(#ident),
            }
        });
        let outputs: Vec<_> = (0..kernel.outputs.len()).map(syn::Index::from).collect();
        let types = kernel.outputs.iter().map(|scalar| self.code.ty(*scalar));
        let values = if outputs.len() == 1 { quote!((__values,)) } else { quote!(__values) };
        quote! {
            let __lane_by_lane = || {
                let mut __packs = (#(::terrella_kernels::Pack::<#types, LANES>::default(),)*);
                for __lane in 0..LANES {
                    let __values = super::#name #real(#(#arguments),*);
                    let __values = #values;
                    #(__packs.#outputs.0[__lane] = __values.#outputs;)*
                }
                __packs
            };
        }
    }

    fn statements(&mut self, statements: &[Statement]) -> TokenStream {
        let mut code = TokenStream::new();
        for (position, statement) in statements.iter().enumerate() {
            if let Statement::If { condition, then, otherwise } = statement {
                // What follows an early return is its `else`.
                let rest = &statements[position + 1..];
                let returned = match (otherwise.as_slice(), rest) {
                    (otherwise, []) | ([], otherwise) => self.returned_choice(condition, then, otherwise),
                    _ => None,
                };
                if let Some(returned) = returned {
                    code.extend(returned);
                    return code;
                }
            }
            code.extend(self.statement(statement));
        }
        code
    }

    /// `return if ... {} else {}` for an `if` on a varying condition whose branches return and load nothing.
    fn returned_choice(
        &mut self,
        condition: &Expression,
        then: &[Statement],
        otherwise: &[Statement],
    ) -> Option<TokenStream> {
        if self.is_uniform(condition) {
            return None;
        }
        let outputs = self.kernel().outputs.len();
        let mut values = Vec::new();
        for output in 0..outputs {
            let (then, otherwise) = (returned(then, output, outputs)?, returned(otherwise, output, outputs)?);
            if self.branches_load(condition, &then, &otherwise) {
                return None;
            }
            values.push(choice_of(condition, then, otherwise));
        }
        let values: Vec<_> = values.iter().map(|value| self.lanes(value, false)).collect();
        Some(quote!(return (#(#values,)*);))
    }

    fn statement(&mut self, statement: &Statement) -> TokenStream {
        match statement {
            Statement::Let { local, value } => {
                let name = self.code.ident(*local);
                let ty = self.code.local_type(*local);
                let mutable = self.kernel().locals[*local].mutable.then(|| quote!(mut));
                if self.kinds.local(*local) == Kind::Varying {
                    let value = self.lanes(value, self.code.wide[*local]);
                    quote!(let #mutable #name: ::terrella_kernels::Pack<#ty, LANES> = #value;)
                } else {
                    let value = self.code.value_of(*local, value, &mut Plain);
                    quote!(let #mutable #name: #ty = #value;)
                }
            }
            Statement::LetTuple { locals, call } => self.tuple(locals, call),
            Statement::Assign { local, operator, value, span } => {
                let target = &self.kernel().locals[*local];
                if self.kinds.local(*local) != Kind::Varying {
                    return self.code.statements(std::slice::from_ref(statement), &mut Plain);
                }
                let value = match operator {
                    None => value.clone(),
                    Some(operator) => Expression {
                        kind: ExpressionKind::Binary(
                            *operator,
                            Box::new(Expression {
                                kind: ExpressionKind::Local(*local),
                                scalar: target.scalar,
                                variable: 0,
                                span: *span,
                            }),
                            Box::new(value.clone()),
                        ),
                        scalar: target.scalar,
                        variable: 0,
                        span: *span,
                    },
                };
                let name = self.code.ident(*local);
                let value = self.lanes(&value, self.code.wide[*local]);
                quote!(#name = #value;)
            }
            Statement::If { condition, then, otherwise } => {
                self.if_statement(statement, condition, then, otherwise)
            }
            Statement::For { local, start, end, body } => {
                let name = self.code.ident(*local);
                let start = self.code.value_of(*local, start, &mut Plain);
                let end = self.code.value_of(*local, end, &mut Plain);
                let body = self.statements(body);
                quote!(for #name in #start..#end { #body })
            }
            Statement::Return { values, .. } => {
                let values: Vec<_> = values.iter().map(|value| self.lanes(value, false)).collect();
                quote!(return (#(#values,)*);)
            }
        }
    }

    /// `let (a, b) = function(...)`
    fn tuple(&mut self, locals: &[LocalId], call: &Expression) -> TokenStream {
        if self.is_uniform(call) && locals.iter().all(|local| self.kinds.local(*local) == Kind::Uniform) {
            let statement = Statement::LetTuple { locals: locals.to_vec(), call: call.clone() };
            return self.code.statements(&[statement], &mut Plain);
        }
        let mut lane = Lane::new(self);
        let value = lane.packer.code.value(call, &mut lane);
        let hoisted = lane.hoisted;
        let names: Vec<_> = locals.iter().map(|local| self.code.ident(*local)).collect();
        let types: Vec<_> = locals.iter().map(|local| self.code.local_type(*local)).collect();
        let positions: Vec<_> = (0..locals.len()).map(syn::Index::from).collect();
        let mutable: Vec<_> =
            locals.iter().map(|local| self.kernel().locals[*local].mutable.then(|| quote!(mut))).collect();
        quote! {
            let (#(#mutable #names),*) = {
                #hoisted
                let mut __packs = (#(::terrella_kernels::Pack::<#types, LANES>::default()),*);
                for __lane in 0..LANES {
                    let __values = #value;
                    #(__packs.#positions.0[__lane] = __values.#positions;)*
                }
                __packs
            };
        }
    }

    fn if_statement(
        &mut self,
        whole: &Statement,
        condition: &Expression,
        then: &[Statement],
        otherwise: &[Statement],
    ) -> TokenStream {
        if self.is_uniform(condition) {
            let condition = self.code.value(condition, &mut Plain);
            let then = self.statements(then);
            let otherwise = self.statements(otherwise);
            return quote!(if #condition { #then } else { #otherwise });
        }
        let returns = whole.find_return().is_some();
        let known = self.steady_loads(condition);
        let loads = then
            .iter()
            .chain(otherwise)
            .any(|statement| loads_besides(&known, |visit| statement.walk(visit)));
        if !returns && !loads {
            return self.lane_by_lane(whole);
        }
        let agreement = self.lanes(condition, false);
        let mixed = if returns {
            self.falls_back = true;
            quote!(return __lane_by_lane();)
        } else {
            self.lane_by_lane(whole)
        };
        let then = self.statements(then);
        let otherwise = self.statements(otherwise);
        let name = self.fresh("agreement");
        quote! {
            let #name: ::terrella_kernels::Pack<bool, LANES> = #agreement;
            if #name.all() { #then } else if #name.none() { #otherwise } else { #mixed }
        }
    }

    /// A statement in a loop over the lanes.
    fn lane_by_lane(&mut self, statement: &Statement) -> TokenStream {
        let mut lane = Lane::new(self);
        let inside = lane.packer.code.statements(std::slice::from_ref(statement), &mut lane);
        let hoisted = lane.hoisted;
        quote! {
            {
                #hoisted
                for __lane in 0..LANES { #inside }
            }
        }
    }

    /// A value as a pack.
    fn lanes(&mut self, expression: &Expression, address: bool) -> TokenStream {
        let ty = if address { quote!(usize) } else { self.code.ty(expression.scalar) };
        if self.is_uniform(expression) {
            let value = self.scalar(expression, address);
            return quote!(::terrella_kernels::Pack::<#ty, LANES>::splat(#value));
        }
        match &expression.kind {
            ExpressionKind::Local(local)
                if self.kinds.local(*local) == Kind::Varying && self.code.wide[*local] == address =>
            {
                let name = self.code.ident(*local);
                return quote!(#name);
            }
            ExpressionKind::Load { slice, index } if !address => return self.load(*slice, index),
            ExpressionKind::If { condition, then, otherwise } => {
                if let Some(choice) = self.choice(expression, condition, then, otherwise, address) {
                    return choice;
                }
            }
            _ => {}
        }
        self.loop_over_lanes(expression, address, &ty, 0)
    }

    /// A loop over lanes; `guarded` is 1 where lanes part ways, so that nothing may be loaded for all of them.
    fn loop_over_lanes(
        &mut self,
        expression: &Expression,
        address: bool,
        ty: &TokenStream,
        guarded: usize,
    ) -> TokenStream {
        let mut lane = Lane::new(self);
        lane.guarded = guarded;
        let code = lane.packer.code;
        let value =
            if address { code.address(expression, &mut lane) } else { code.value(expression, &mut lane) };
        let hoisted = lane.hoisted;
        quote! {
            {
                #hoisted
                let mut __pack = ::terrella_kernels::Pack::<#ty, LANES>::default();
                for __lane in 0..LANES { __pack.0[__lane] = #value; }
                __pack
            }
        }
    }

    fn scalar(&self, expression: &Expression, address: bool) -> TokenStream {
        if address {
            self.code.address(expression, &mut Plain)
        } else {
            self.code.value(expression, &mut Plain)
        }
    }

    fn load(&mut self, slice: LocalId, index: &Expression) -> TokenStream {
        let name = self.code.ident(slice);
        if self.kinds.expression(index) == Kind::Unit {
            let base = self.code.address(index, &mut Plain);
            return quote!(::terrella_kernels::Pack::<_, LANES>::load(#name, #base));
        }
        let index = self.lanes(index, true);
        quote!(::terrella_kernels::Pack::<_, LANES>::gather(#name, &#index))
    }

    /// `if` as a value, where it is better than a loop over lanes.
    fn choice(
        &mut self,
        whole: &Expression,
        condition: &Expression,
        then: &Block,
        otherwise: &Block,
        address: bool,
    ) -> Option<TokenStream> {
        if self.is_uniform(condition) {
            let condition = self.code.value(condition, &mut Plain);
            let then = self.block(then, address);
            let otherwise = self.block(otherwise, address);
            return Some(quote!(if #condition { #then } else { #otherwise }));
        }
        if !self.branches_load(condition, then, otherwise) {
            return None;
        }
        let agreement = self.lanes(condition, false);
        let ty = if address { quote!(usize) } else { self.code.ty(whole.scalar) };
        let mixed = self.loop_over_lanes(whole, address, &ty, 1);
        let then = self.block(then, address);
        let otherwise = self.block(otherwise, address);
        let name = self.fresh("agreement");
        Some(quote! {
            {
                let #name: ::terrella_kernels::Pack<bool, LANES> = #agreement;
                if #name.all() { #then } else if #name.none() { #otherwise } else { #mixed }
            }
        })
    }

    /// The loads that a condition always makes, from addresses that do not change in its branches.
    fn steady_loads<'e>(&self, condition: &'e Expression) -> Vec<&'e Expression> {
        let changes = |inner: &Expression| matches!(inner.kind, ExpressionKind::Local(local) if self.kernel().locals[local].mutable);
        condition.certain_loads().into_iter().filter(|load| !load.any(changes)).collect()
    }

    /// Whether the branches of an `if` load what its condition has not.
    fn branches_load(&self, condition: &Expression, then: &Block, otherwise: &Block) -> bool {
        let known = self.steady_loads(condition);
        [then, otherwise].iter().any(|block| {
            loads_besides(&known, |visit| {
                block.statements.iter().for_each(|statement| statement.walk(visit));
                block.value.walk(visit);
            })
        })
    }

    fn block(&mut self, block: &Block, address: bool) -> TokenStream {
        let statements = self.statements(&block.statements);
        let value = self.lanes(&block.value, address);
        quote!(#statements #value)
    }
}

fn choice_of(condition: &Expression, then: Block, otherwise: Block) -> Expression {
    let (scalar, span) = (then.value.scalar, condition.span);
    let kind = ExpressionKind::If { condition: Box::new(condition.clone()), then, otherwise };
    Expression { kind, scalar, variable: 0, span }
}

/// Statements that end in a `return` and have no other, as a block with the value of one output.
fn returned(statements: &[Statement], output: usize, outputs: usize) -> Option<Block> {
    let (last, before) = statements.split_last()?;
    // With several outputs, each computes the statements for itself: they must change nothing.
    let changes = |statement: &Statement| outputs > 1 && !matches!(statement, Statement::Let { .. });
    if before.iter().any(|statement| statement.find_return().is_some() || changes(statement)) {
        return None;
    }
    let value = match last {
        Statement::Return { values, .. } => values[output].clone(),
        Statement::If { condition, then, otherwise } => {
            choice_of(condition, returned(then, output, outputs)?, returned(otherwise, output, outputs)?)
        }
        _ => return None,
    };
    Some(Block { statements: before.to_vec(), value: Box::new(value) })
}

/// Whether a walk finds a load that is not among the known ones.
fn loads_besides(known: &[&Expression], walk: impl FnOnce(&mut dyn FnMut(&Expression))) -> bool {
    let mut found = false;
    walk(&mut |expression| {
        let load = matches!(expression.kind, ExpressionKind::Load { .. });
        found |= load && !known.iter().any(|known| known.same(expression));
    });
    found
}

/// Code of one lane: what varies is taken from packs, what does not is computed before the loop.
struct Lane<'p, 'a> {
    packer: &'p mut Packer<'a>,
    hoisted: TokenStream,
    /// Variables declared inside the loop over lanes: plain scalars.
    inner: HashSet<LocalId>,
    /// Depth of code that may not be reached.
    guarded: usize,
    /// Loads that are done before the loop, and their packs.
    loaded: Vec<(Expression, Ident)>,
}

impl<'p, 'a> Lane<'p, 'a> {
    fn new(packer: &'p mut Packer<'a>) -> Self {
        Self { packer, hoisted: TokenStream::new(), inner: HashSet::new(), guarded: 0, loaded: Vec::new() }
    }

    /// Whether the expression can be computed before the loop over lanes: it uses nothing from inside the loop, and
    /// what may not be reached must not panic.
    fn can_move(&self, expression: &Expression) -> bool {
        let inner = |inner: &Expression| matches!(inner.kind, ExpressionKind::Local(local) if self.inner.contains(&local));
        !expression.any(inner) && (self.guarded == 0 || !self.may_panic(expression))
    }

    fn may_panic(&self, expression: &Expression) -> bool {
        let integer = expression.scalar.is_integer();
        match &expression.kind {
            ExpressionKind::Load { .. } => !self.loaded.iter().any(|(load, _)| load.same(expression)),
            ExpressionKind::Call { .. } => true,
            ExpressionKind::If { condition, then, otherwise } => {
                let statements = !then.statements.is_empty() || !otherwise.statements.is_empty();
                statements
                    || [condition, &then.value, &otherwise.value].iter().any(|part| self.may_panic(part))
            }
            ExpressionKind::Unary(_, inner) => expression.scalar == Scalar::I32 || self.may_panic(inner),
            ExpressionKind::Binary(operator, left, right) => {
                let overflows = expression.scalar == Scalar::I32 && operator.is_linear();
                let divides =
                    integer && matches!(operator, BinaryOperator::Divide | BinaryOperator::Remainder);
                overflows || divides || self.may_panic(left) || self.may_panic(right)
            }
            ExpressionKind::Method(_, arguments) => arguments.iter().any(|argument| self.may_panic(argument)),
            ExpressionKind::Cast(inner) => self.may_panic(inner),
            _ => false,
        }
    }

    fn hoist(&mut self, name: &str, value: TokenStream) -> Ident {
        let name = self.packer.fresh(name);
        self.hoisted.extend(quote!(let #name = #value;));
        name
    }
}

impl Substitution for Lane<'_, '_> {
    fn local(&mut self, code: &Code<'_>, local: LocalId) -> Option<TokenStream> {
        if self.inner.contains(&local) {
            return None;
        }
        let name = code.ident(local);
        match self.packer.kinds.local(local) {
            Kind::Uniform => None,
            Kind::Unit => Some(quote!(#name.wrapping_add(__lane as u32))),
            Kind::Varying => Some(quote!(#name.0[__lane])),
        }
    }

    fn local_address(&mut self, code: &Code<'_>, local: LocalId) -> Option<TokenStream> {
        if self.inner.contains(&local) {
            return None;
        }
        let name = code.ident(local);
        let wide = code.wide[local];
        match self.packer.kinds.local(local) {
            Kind::Uniform => None,
            Kind::Unit if wide => Some(quote!(#name.wrapping_add(__lane))),
            Kind::Unit => Some(quote!((#name as usize).wrapping_add(__lane))),
            Kind::Varying if wide => Some(quote!(#name.0[__lane])),
            Kind::Varying => Some(quote!((#name.0[__lane] as usize))),
        }
    }

    fn value(&mut self, code: &Code<'_>, expression: &Expression) -> Option<TokenStream> {
        let trivial = matches!(
            expression.kind,
            ExpressionKind::Float(_)
                | ExpressionKind::Integer(_)
                | ExpressionKind::Boolean(_)
                | ExpressionKind::Local(_)
        );
        if trivial {
            return None;
        }
        let moves = self.can_move(expression);
        if moves && self.packer.is_uniform(expression) {
            let value = code.value(expression, &mut Plain);
            let name = self.hoist("uniform", value);
            return Some(quote!(#name));
        }
        if let ExpressionKind::If { condition, then, otherwise } = &expression.kind {
            let condition_value = code.value(condition, self);
            if !self.may_panic(expression) {
                // Both sides at once: as branches, LLVM would move the work of each lane into them, out of vectors.
                let (then, otherwise) = (code.value(&then.value, self), code.value(&otherwise.value, self));
                return Some(quote!(::core::hint::select_unpredictable(#condition_value, #then, #otherwise)));
            }
        }
        if !moves {
            return None;
        }
        match &expression.kind {
            ExpressionKind::Load { slice, index } => {
                if let Some((_, name)) = self.loaded.iter().find(|(load, _)| load.same(expression)) {
                    return Some(quote!(#name.0[__lane]));
                }
                let value = self.packer.load(*slice, index);
                let name = self.hoist("load", value);
                let changes = |inner: &Expression| matches!(inner.kind, ExpressionKind::Local(local) if code.kernel.locals[local].mutable);
                if !expression.any(changes) {
                    self.loaded.push((expression.clone(), name.clone()));
                }
                Some(quote!(#name.0[__lane]))
            }
            // Functions of `math` have a form for all lanes.
            ExpressionKind::Method(method, arguments) if method.is_math() => {
                let ty = code.ty(expression.scalar);
                let function = format_ident!("{}_lanes", method.name());
                let packs: Vec<_> =
                    arguments.iter().map(|argument| self.packer.lanes(argument, false)).collect();
                let value = quote!(<#ty as ::terrella_kernels::Real>::#function::<LANES>(#((#packs).0),*));
                let name = self.hoist("lanes", value);
                Some(quote!(#name[__lane]))
            }
            ExpressionKind::If { condition, then, otherwise } => {
                if self.guarded > 0 || !self.packer.branches_load(condition, then, otherwise) {
                    return None;
                }
                let value = self.packer.lanes(expression, false);
                let name = self.hoist("choice", value);
                Some(quote!(#name.0[__lane]))
            }
            _ => None,
        }
    }

    fn guard(&mut self, enter: bool) {
        if enter {
            self.guarded += 1;
        } else {
            self.guarded -= 1;
        }
    }

    fn declared(&mut self, local: LocalId) {
        self.inner.insert(local);
    }
}
