//! The config file.

use otpair_host::config::Config;

/// Reads a config, and what is written out of it: the same rules at every service.
pub fn config(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    match Config::parse(text) {
        Ok(config) => {
            let written = config.to_toml();
            let again = Config::parse(&written).expect("what is written is a config");
            assert_eq!(again.to_toml(), written);
            assert_eq!(again.to_json(), config.to_json());
            assert_eq!(again.policy_everywhere(), config.policy_everywhere());
            for service in ["sshd", "sudo", ""] {
                assert_eq!(again.policy(service), config.policy(service), "{service}");
                assert_eq!(again.language(service), config.language(service));
            }
        }
        Err(error) => {
            assert!(error.line >= 1 && error.line <= text.matches('\n').count() + 1);
            assert!(error.column >= 1 && error.column <= text.len() + 1);
            assert!(!error.message.contains('\n'), "{}", error.message);
        }
    }
}
