//! nginx with `auth_pam` before an application that greets who is signed on, visited by `curl`.

use crate::machine::{Machine, told};

/// The application, and what it answers with.
const APPLICATION: &str = "server {
    listen 127.0.0.1:3000;
    default_type text/html;
    location / { return 200 'welcome $http_x_user <img src=/picture>'; }
    location /picture { return 200 'picture for $http_x_user'; }
}
";

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status, such as 200.
    pub status: u16,
    /// What the page holds.
    pub body: String,
}

impl Answer {
    /// The application's greeting.
    pub fn greets(&self, name: &str) -> bool {
        self.status == 200 && self.body.contains(&format!("welcome {name} "))
    }
}

/// Makes the user and the folders that Debian's package makes.
pub fn install(machine: &Machine) {
    let users = "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin";
    let script = format!(
        "echo '{users}' >>/etc/passwd
        echo 'www-data:*:20000:0:99999:7:::' >>/etc/shadow
        echo 'www-data:x:33:' >>/etc/group
        mkdir -p /var/log/nginx /var/lib/nginx"
    );
    machine.done("sh", &["-euc", &script]);
}

/// Starts nginx as its unit does, the helper as its own units do, and an application. They end with the machine.
pub fn start(machine: &Machine) {
    machine.serve_helper();
    machine.write("/etc/nginx/conf.d/application.conf", APPLICATION);
    // Returns when it listens.
    machine.done("nginx", &["-g", "daemon on; master_process on;"]);
}

/// One request with a user name and what stands in the field for the password, without a cookie.
pub fn get(machine: &Machine, user: &str, typed: &str) -> Answer {
    curl(machine, &["-u", &format!("{user}:{typed}")])
}

/// One request of a client that keeps its cookies in a file of the machine.
pub fn get_with_cookies(machine: &Machine, user: &str, typed: &str) -> Answer {
    let jar = "/root/cookies";
    let who = format!("{user}:{typed}");
    curl(machine, &["-u", &who, "-b", jar, "-c", jar])
}

/// One request, by these options of curl's.
pub fn curl(machine: &Machine, options: &[&str]) -> Answer {
    let always = ["-sk", "-w", "\n%{http_code}", "https://localhost/"];
    let output = machine.run("curl", &[options, &always].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = said
        .rsplit_once('\n')
        .unwrap_or_else(|| panic!("curl: {}", told(&output)));
    Answer {
        status: status.parse().expect("a number"),
        body: body.to_owned(),
    }
}
