//! Parcels that MPI sends and receives while this rank computes.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::transport::{Buffers, Pending};
use super::functions::Handle;
use super::{IS_BROKEN, User, text_of};
use crate::{Error, Result};

/// Requests with their buffers.
pub(super) struct OnTheWay<H: Handle> {
    pub(super) user: Rc<User<H>>,
    pub(super) rank: usize,
    /// Receives, then sends.
    pub(super) requests: Vec<H>,
    /// From whom, and how many bytes, by receive.
    pub(super) expected: Vec<(usize, usize)>,
    pub(super) buffers: Option<Buffers>,
    /// In the place of buffers.
    pub(super) letter: Option<Arc<Vec<u8>>>,
    pub(super) is_done: bool,
}

impl<H: Handle> Drop for OnTheWay<H> {
    fn drop(&mut self) {
        if !self.is_done {
            IS_BROKEN.store(true, Ordering::SeqCst);
            std::mem::forget(self.buffers.take());
            std::mem::forget(self.letter.take());
        }
    }
}

impl<H: Handle> OnTheWay<H> {
    /// Nothing yet.
    pub(super) fn new(user: Rc<User<H>>, rank: usize) -> Self {
        let (requests, expected, buffers, letter) = Default::default();
        Self { user, rank, requests, expected, buffers, letter, is_done: false }
    }

    /// What a wait or test returned, with the statuses that it wrote.
    fn check(&self, code: c_int, statuses: &[c_int]) -> Result<()> {
        let functions = self.user.0;
        let failure = |code: c_int| {
            IS_BROKEN.store(true, Ordering::SeqCst);
            let reason = text_of(functions, code);
            Err(Error::Communication { rank: self.rank, operation: "exchange", reason })
        };
        let statuses = statuses.chunks_exact(H::STATUS);
        if code != 0 {
            // Errors of single requests stand in their statuses, where those that are still under way have one of their own.
            let is_error = |&error: &c_int| {
                let mut class = 0;
                // SAFETY: takes any code of this library's.
                unsafe { (functions.error_class)(error, &mut class) };
                error != 0 && class != H::ERROR_PENDING
            };
            return failure(statuses.map(|status| status[H::ERROR]).find(is_error).unwrap_or(code));
        }
        for (status, &(from, expected)) in statuses.zip(&self.expected) {
            let mut got = 0;
            // SAFETY: a status that a receive has filled.
            let code = unsafe { (functions.get_count)(status.as_ptr(), functions.byte, &mut got) };
            if code != 0 {
                return failure(code);
            }
            if got as usize != expected {
                let (rank, operation, got) = (self.rank, "exchange", got as usize);
                return Err(Error::UnequalLengths { rank, operation, from, expected, got });
            }
        }
        Ok(())
    }

    fn statuses(&self) -> Vec<c_int> {
        vec![0; self.requests.len() * H::STATUS]
    }
}

impl<H: Handle> Pending for OnTheWay<H> {
    fn is_done(&mut self) -> Result<bool> {
        if self.is_done {
            return Ok(true);
        }
        let (mut statuses, mut flag) = (self.statuses(), 0);
        let (count, requests) = (self.requests.len() as c_int, self.requests.as_mut_ptr());
        // SAFETY: as many requests and statuses as are counted.
        let code = unsafe { (self.user.0.testall)(count, requests, &mut flag, statuses.as_mut_ptr()) };
        if code != 0 || flag != 0 {
            self.check(code, &statuses)?;
            self.is_done = true;
            self.letter = None;
        }
        Ok(self.is_done)
    }

    fn finish(mut self: Box<Self>) -> Result<Buffers> {
        if !self.is_done {
            let mut statuses = self.statuses();
            let (count, requests) = (self.requests.len() as c_int, self.requests.as_mut_ptr());
            // SAFETY: as many requests and statuses as are counted.
            let code = unsafe { (self.user.0.waitall)(count, requests, statuses.as_mut_ptr()) };
            self.check(code, &statuses)?;
            self.is_done = true;
        }
        Ok(self.buffers.take().unwrap_or_default())
    }
}
