//! The one test binary of this package. Every module gives a list of trials. A trial whose software is missing on this
//! machine is listed as ignored, with the name of what it needs; with `ATTENDANT_TEST_ALL=1` (the test command of the
//! README sets it) it runs and fails instead.

use libtest_mimic::{Arguments, Trial};

mod asks;
mod binary;
mod browser;
mod deterministic;
mod house;
#[path = "interop/trials/mod.rs"]
mod interop;
mod platform_gws;
mod real;
mod whole;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = Vec::new();
    let run_all = std::env::var_os("ATTENDANT_TEST_ALL").is_some();
    trials.extend(house::trials());
    trials.extend(deterministic::trials());
    trials.extend(asks::trials());
    trials.extend(platform_gws::trials());
    trials.extend(whole::trials());
    trials.extend(real::trials());
    trials.extend(interop::trials());
    trials.extend(browser::trials(run_all));
    libtest_mimic::run(&arguments, trials).exit();
}
