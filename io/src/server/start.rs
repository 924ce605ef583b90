//! Starting the threads of plans and their helpers.

use std::sync::{Arc, Mutex};

use super::endpoint::Endpoint;
use super::lane::{Lane, Way};
use super::pool::{Gauge, Pool};
use super::spill::Spill;
use super::worker::{Failures, Shared};
use super::{Producer, Server, Settings, View, preparation, worker};
use crate::error::{Error, Result};
use crate::plan::Plans;

impl Server {
    /// Starts a thread for each plan.
    pub fn start(plans: Plans, settings: Settings) -> Result<Self> {
        let plans = plans.into_plans()?;
        for (number, plan) in plans.iter().enumerate() {
            if plans[..number].iter().any(|other| other.name == plan.name) {
                let (name, got) = ("plan".into(), format!("'{}' twice", plan.name));
                return Err(Error::InvalidValue { name, got, expected: "different names".into() });
            }
        }
        let share = settings.memory / plans.len().max(1) as u64;
        let lanes: Arc<[Lane]> = plans.iter().map(|plan| Lane::new(plan, share)).collect();
        let spill = settings.spill.map(Spill::new).transpose()?;
        let gauge = Arc::new(Gauge::default());
        let shared = Shared { pool: Pool::new(gauge.clone()), gauge, failures: Failures::default() };
        let view = View {
            lanes: lanes.clone(),
            shared: Arc::new(shared),
            memory: settings.memory,
            disk_limit: spill.as_ref().map_or(0, Spill::limit),
            disk: spill.as_ref().map_or_else(Arc::default, Spill::used),
        };
        let for_endpoint = view.clone();
        let endpoint = settings
            .metrics
            .map(|address| Endpoint::new(address, move || for_endpoint.metrics()))
            .transpose()?;
        let count = lanes.len();
        let spill = spill.map(|spill| Arc::new(Mutex::new(spill)));
        let producer = Producer {
            spill: spill.clone(),
            finished: false,
            ways: vec![Way::Past; count],
            largest: vec![0; count],
        };
        // From here on dropping it stops the threads that have been started.
        let (producer, spiller) = (Mutex::new(producer), Arc::default());
        let (threads, helpers) = (Vec::new(), Vec::new());
        let mut server = Self { producer, threads, helpers, spiller, endpoint, view };
        let fail = |source| Error::Server { reason: format!("cannot start a thread: {source}") };
        if let Some(spill) = spill {
            let (view, spiller) = (server.view.clone(), server.spiller.clone());
            let work = move || spiller.work(&view.lanes, &spill, &view.shared.pool);
            let thread = std::thread::Builder::new().name("output spill".into()).spawn(work);
            server.helpers.push(thread.map_err(fail)?);
        }
        let shared = server.view.shared.clone();
        let work = move || preparation::work(&shared.pool.bell, &shared.pool);
        let thread = std::thread::Builder::new().name("output memory".into()).spawn(work);
        server.helpers.push(thread.map_err(fail)?);
        for (number, plan) in plans.into_iter().enumerate() {
            let view = server.view.clone();
            let work = move || worker::work(&view.lanes[number], plan, &view.shared);
            let thread = std::thread::Builder::new().name(format!("output {number}")).spawn(work);
            server.threads.push(thread.map_err(fail)?);
        }
        Ok(server)
    }
}
