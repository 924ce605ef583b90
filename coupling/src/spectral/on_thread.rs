//! A value that stays on its thread, behind a handle that need not.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, Result};

thread_local! {
    static VALUES: RefCell<HashMap<u64, Box<dyn Any>>> = RefCell::default();
}

/// A handle of a value that must not leave the thread it was made on, such as what holds a communicator.
///
/// The value goes with the handle, or with the thread if the handle goes elsewhere.
pub(super) struct OnThread<T: 'static> {
    key: u64,
    value: PhantomData<fn() -> T>,
}

impl<T: 'static> OnThread<T> {
    pub(super) fn new(value: T) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        VALUES.with_borrow_mut(|values| values.insert(key, Box::new(value)));
        Self { key, value: PhantomData }
    }

    /// Works on the value; nothing on another thread.
    pub(super) fn with<O>(&self, work: impl FnOnce(&mut T) -> O) -> Option<O> {
        // Not borrowed meanwhile: the work may have other handles.
        let mut value = VALUES.with_borrow_mut(|values| values.remove(&self.key))?;
        let outcome = value.downcast_mut().map(work);
        VALUES.with_borrow_mut(|values| values.insert(self.key, value));
        outcome
    }

    /// Works on the value; an error on another thread.
    pub(super) fn work<O>(&self, work: impl FnOnce(&mut T) -> Result<O>) -> Result<O> {
        let elsewhere = || Error::InvalidValue {
            name: "thread",
            got: "another one than the communicator's".to_owned(),
            expected: "the one on which the model's part was made".to_owned(),
        };
        self.with(work).unwrap_or_else(|| Err(elsewhere()))
    }
}

impl<T: 'static> Drop for OnThread<T> {
    fn drop(&mut self) {
        // At the end of a thread its values are gone before.
        let value = VALUES.try_with(|values| values.borrow_mut().remove(&self.key));
        drop(value);
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn a_value_stays_on_its_thread_and_goes_with_its_handle() {
        let value = Rc::new(7);
        let handle = OnThread::new(value.clone());
        assert_eq!(handle.with(|value| **value), Some(7));
        let elsewhere = std::thread::scope(|scope| scope.spawn(|| handle.with(|value| **value)).join());
        assert_eq!(elsewhere.unwrap(), None);
        assert_eq!(handle.with(|value| Rc::strong_count(value)), Some(2));
        drop(handle);
        assert_eq!(Rc::strong_count(&value), 1);
    }
}
