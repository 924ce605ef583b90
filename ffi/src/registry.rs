//! Live objects behind opaque handles.
//!
//! A handle is a number that looks like a pointer: it is never used again and never followed, so that a stale or made-up
//! one is found out instead of read.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::failure::{Cause, Failure, Outcome};

/// Numbers are counted over all kinds of objects, so that a handle of one kind means nothing to another.
static NEXT: AtomicUsize = AtomicUsize::new(1);

/// The objects of one kind.
pub(crate) struct Registry<T> {
    kind: &'static str,
    objects: RwLock<BTreeMap<usize, Arc<T>>>,
}

impl<T> Registry<T> {
    pub(crate) const fn new(kind: &'static str) -> Self {
        Self { kind, objects: RwLock::new(BTreeMap::new()) }
    }

    pub(crate) fn insert(&self, object: T) -> *mut c_void {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        self.objects.write().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::new(object));
        std::ptr::without_provenance_mut(number)
    }

    pub(crate) fn get(&self, handle: *const c_void) -> Outcome<Arc<T>> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects.get(&handle.addr()).cloned().ok_or_else(|| self.unknown(handle))
    }

    /// Forgets an object; it lives on until calls that use it return. NULL is no object and no error.
    pub(crate) fn remove(&self, handle: *mut c_void) -> Outcome {
        if handle.is_null() {
            return Ok(());
        }
        let removed = self.objects.write().unwrap_or_else(PoisonError::into_inner).remove(&handle.addr());
        removed.map(|_| ()).ok_or_else(|| self.unknown(handle))
    }

    fn unknown(&self, handle: *const c_void) -> Failure {
        let kind = self.kind;
        match handle.is_null() {
            true => Failure::null(kind),
            false => Failure::new(
                Cause::UnknownHandle,
                format!("'{kind}' is {handle:p}: expected a handle that was created and not destroyed."),
            ),
        }
    }
}
