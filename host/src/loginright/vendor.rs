//! Whose plugins stand in the login window's right.

/// Plugins that are macOS's own.
const APPLES: [&str; 8] = [
    "builtin",
    "loginwindow",
    "PKINITMechanism",
    "HomeDirMechanism",
    "MCXMechanism",
    "CryptoTokenKit",
    "PSSOAuthPlugin",
    "RestartAuthorization",
];

/// How the plugins of products begin, and what people call these.
const PRODUCTS: [(&str, &str); 11] = [
    ("JamfConnect", "Jamf Connect"),
    ("XCreds", "XCreds"),
    ("NoMADLoginAzure", "Jamf Connect"),
    ("NoMADLoginOkta", "NoMAD Login Okta"),
    ("NoMADLogin", "NoMAD Login"),
    ("DuoSecurity", "Duo"),
    ("MacLogon", "Duo"),
    ("Okta", "Okta"),
    ("Crypt", "Crypt"),
    ("Escrow Buddy", "Escrow Buddy"),
    ("FV2AuthPlugin", "FV2AuthPlugin"),
];

/// The plugin of a mechanism.
pub(super) fn plugin(mechanism: &str) -> &str {
    mechanism.split(':').next().unwrap_or(mechanism)
}

/// The product that a mechanism is of; nothing for macOS's and otpair's own.
pub(super) fn product(mechanism: &str) -> Option<&str> {
    let plugin = plugin(mechanism);
    if APPLES.contains(&plugin) || plugin == super::PLUGIN {
        return None;
    }
    let known = PRODUCTS
        .iter()
        .find(|(beginning, _)| plugin.starts_with(beginning));
    Some(known.map_or(plugin, |(_, product)| product))
}
