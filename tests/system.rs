//! The one test binary of this package. Every module gives a list of trials. A trial whose software is missing on this
//! machine is listed as ignored, with the name of what it needs; with `ATTENDANT_TEST_ALL=1` (the test command of the
//! README sets it) it runs and fails instead.

use libtest_mimic::{Arguments, Trial};

mod house;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = Vec::new();
    trials.extend(house::trials());
    libtest_mimic::run(&arguments, trials).exit();
}
