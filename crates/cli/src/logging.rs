//! Log lines on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::args::LogFormat;

/// Starts logging. `ATTENDANT_LOG` wins over the flags.
pub fn start(verbose: u8, quiet: bool, format: LogFormat) {
    let default = match (quiet, verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, _) => "debug,hyper_util=info,reqwest=info,h2=info",
    };
    let filter =
        EnvFilter::builder().with_env_var("ATTENDANT_LOG").try_from_env().unwrap_or_else(|_| EnvFilter::new(default));
    // A log that cannot be written (a full disk, a pipe that nobody reads) would otherwise be complained of on the same
    // standard error, and end the program with a panic.
    let builder =
        tracing_subscriber::fmt().log_internal_errors(false).with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder
            .with_ansi(
                anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
                    && std::io::stderr().is_terminal(),
            )
            .init(),
        LogFormat::Json => builder.json().init(),
    }
}
