//! Each rank makes the state of its points, from levels that are dealt out.

use std::borrow::Cow;
use std::cell::Cell;

use terrella_coupling::communicator::Communicator;
use terrella_dycore::primitive::Primitive;
use terrella_dycore::primitive::initial::{Analysis, InitialState, LevelField, LevelValues, Settings};

use super::{analysis, configuration, state};

#[test]
fn ranks_make_the_state_of_their_points() {
    let analysis = analysis();
    let whole = state(&analysis);
    Communicator::threads(3, |ranks| {
        let new = || Primitive::<f64>::new_on(configuration(), &ranks).unwrap();
        let (mut model, mut from_whole) = (new(), new());
        let settings = Settings::default();
        let own =
            InitialState::from_analysis_on(&ranks, &analysis, model.configuration(), &settings).unwrap();
        let part = model.part();
        for (own, whole) in [
            (&own.u, &whole.u),
            (&own.v, &whole.v),
            (&own.temperature, &whole.temperature),
            (&own.specific_humidity, &whole.specific_humidity),
            (&own.surface_pressure, &whole.surface_pressure),
        ] {
            let fields = whole.len() / part.grid().points();
            assert!(*own == *part.own_fields(fields, whole).unwrap(), "{ranks:?}");
        }
        assert_eq!(own.orography, whole.orography);
        let (all, expected) = (own.report.of_all(&ranks).unwrap(), &whole.report);
        assert!(
            all.humidity_values == expected.humidity_values
                && own.report.humidity_values < all.humidity_values
        );
        assert_eq!((all.supersaturated, all.negative), (expected.supersaturated, expected.negative));
        assert_eq!(all.ground_difference, expected.ground_difference);
        assert_eq!(all.strongest_wind, expected.strongest_wind);
        let shares = [(all.above_top, expected.above_top), (all.below_lowest, expected.below_lowest)];
        assert!(shares.iter().all(|(all, expected)| (all - expected).abs() < 1e-12), "{shares:?}");
        own.set_on(&mut model).unwrap();
        whole.set_on(&mut from_whole).unwrap();
        for ((_, own), (_, from_whole)) in
            model.spectral_state().fields().into_iter().zip(from_whole.spectral_state().fields())
        {
            assert_eq!(own.to_vec().unwrap(), from_whole.to_vec().unwrap(), "{ranks:?}");
        }
    });
}

/// Levels of which some cannot be had, and how many of them are out at a time.
#[derive(Debug)]
struct Damaged {
    values: Vec<f64>,
    on_rank: usize,
    bad: Option<usize>,
    taken: Cell<usize>,
}

impl LevelValues for Damaged {
    type Error = terrella_dycore::Error;

    fn expect(&self, _: &'static str, _: usize, _: usize) -> terrella_dycore::Result<()> {
        Ok(())
    }

    fn level(&self, level: usize, points: usize) -> terrella_dycore::Result<Cow<'_, [f64]>> {
        self.taken.set(self.taken.get() + 1);
        if self.bad == Some(level) {
            let (name, got) = ("level", format!("{level}, torn, on rank {}", self.on_rank));
            return Err(terrella_dycore::Error::InvalidConfiguration { name, got, expected: "a whole one" });
        }
        self.values.level(level, points)
    }

    fn cost(&self, level: usize) -> u64 {
        level as u64
    }
}

fn on_rank(analysis: Analysis, on_rank: usize, bad: Option<usize>) -> Analysis<Damaged> {
    let field = |field: LevelField, bad: Option<usize>| {
        let LevelField { levels, values } = field;
        LevelField { levels, values: Damaged { values, on_rank, bad, taken: Cell::new(0) } }
    };
    Analysis {
        grid: analysis.grid,
        u: field(analysis.u, None),
        v: field(analysis.v, None),
        temperature: field(analysis.temperature, bad),
        humidity: analysis.humidity.map(|(kind, values)| (kind, field(values, None))),
        geopotential: analysis.geopotential.map(|(kind, values)| (kind, field(values, None))),
        surface_pressure: analysis.surface_pressure,
        sea_level_pressure: analysis.sea_level_pressure,
        orography: analysis.orography,
        land_fraction: analysis.land_fraction,
    }
}

#[test]
fn levels_are_dealt_out_and_one_that_is_torn_ends_all_ranks() {
    let whole = state(&analysis());
    let on_ranks = |bad: Option<usize>| {
        Communicator::threads(3, |ranks| {
            let model = Primitive::<f64>::new_on(configuration(), &ranks).unwrap();
            let analysis = on_rank(analysis(), ranks.rank(), bad);
            let settings = Settings::default();
            let state = InitialState::from_analysis_on(&ranks, &analysis, model.configuration(), &settings);
            let own = state.map(|state| (state.temperature, model.part().clone()));
            (
                own.map_err(|error| error.to_string()),
                [&analysis.u, &analysis.temperature].map(|f| f.values.taken.get()),
            )
        })
    };
    let mut levels = [0; 2];
    for (own, taken) in on_ranks(None) {
        let (temperature, part) = own.unwrap();
        let expected = part.own_fields(whole.temperature.len() / part.grid().points(), &whole.temperature);
        assert_eq!(temperature, expected.unwrap().into_owned());
        assert!(taken.iter().all(|&taken| taken > 0 && taken < super::levels().len()), "{taken:?}");
        levels = [levels[0] + taken[0], levels[1] + taken[1]];
    }
    // Each once, by one rank.
    assert_eq!(levels, [super::levels().len(); 2]);
    let texts: Vec<String> = on_ranks(Some(3)).into_iter().map(|(own, _)| own.unwrap_err()).collect();
    let torn = |text: &&String| text.contains("3, torn, on rank");
    assert_eq!(texts.iter().filter(torn).count(), 3, "{texts:?}");
    let quoted = texts.iter().filter(|text| text.contains("'initial state' failed: ")).count();
    assert_eq!(quoted, 2, "{texts:?}");
}
