//! `init`.

use std::path::Path;

use super::super::arguments::Global;
use super::super::printer::Printer;
use super::super::{Outcome, environment};
use crate::config::yaml;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Sources, read_text};

/// The files of a new project: path and text; `NAME` stands for its name.
const FILES: [(&str, &str); 6] = [
    ("dbt_project.yml", "name: NAME\nversion: \"1.0\"\nprofile: NAME\n\nmodels:\n  NAME:\n    +materialized: view\n"),
    (
        "profiles.yml",
        "NAME:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: target/NAME.duckdb\n      threads: 4\n",
    ),
    ("seeds/raw_orders.csv", "order_id,customer,amount\n1,ana,12.50\n2,bo,20.00\n3,ana,7.25\n"),
    (
        "models/customers.sql",
        "select\n    customer,\n    count(*) as orders,\n    sum(amount) as amount\nfrom {{ ref('raw_orders') }}\ngroup by customer\n",
    ),
    (
        "models/customers.yml",
        "models:\n  - name: customers\n    description: What each customer ordered.\n    columns:\n      - name: customer\n        description: The customer's name.\n        data_tests: [unique, not_null]\n",
    ),
    (".gitignore", "target/\ndbt_packages/\nlogs/\n"),
];

/// Makes a folder with a small project that builds; with `--profile`, one of that profile, which must be there. Nothing that
/// exists is touched.
pub(super) fn init(
    global: &Global,
    (name, skips_profile): (&str, bool),
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    let fail = |code: Code, message: String, help: &str| {
        printer.diagnostic(&Diagnostic::error(code, message).in_file(name, 1).help(help), &Sources::default());
        Outcome::Unusable
    };
    let here = std::env::current_dir().unwrap_or_default();
    let is_inside = here.ancestors().any(|folder| folder.join("dbt_project.yml").is_file());
    if let Some(profile) = &global.profile {
        if is_inside {
            let help = "write `profile:` into its dbt_project.yml, or go to another folder";
            return Err(fail(Code::BadOption, format!("this is a project: --profile {profile} is for new ones"), help));
        }
        if !has_profile(global, &here, profile) {
            let help = "choose one of profiles.yml, or leave --profile out";
            return Err(fail(Code::MissingProfile, format!("there is no profile `{profile}`"), help));
        }
    }
    if is_inside && skips_profile {
        printer.note("nothing to do: this is a project");
        return Ok(Outcome::Success);
    }
    let mut chars = name.chars();
    let is_name = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return Err(fail(
            Code::BadOption,
            format!("`{name}` cannot be a project's name"),
            "use letters, digits and underscores",
        ));
    }
    let folder = Path::new(name);
    if folder.exists() {
        return Err(fail(
            Code::DuplicateName,
            format!("`{name}` exists already"),
            "choose another name, or remove the folder",
        ));
    }
    let own = global.profile.as_deref();
    for (path, text) in FILES.iter().filter(|(path, _)| own.is_none() || *path != "profiles.yml") {
        let text = text.replace("profile: NAME", &format!("profile: {}", own.unwrap_or(name)));
        let path = folder.join(path);
        let written = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&path, text.replace("NAME", name)));
        written.map_err(|error| {
            fail(
                Code::MissingFile,
                format!("{} cannot be written: {error}", path.display()),
                "check the folder's permissions",
            )
        })?;
    }
    printer.note(&format!("made {name}; now: cd {name} && merganser build"));
    Ok(Outcome::Success)
}

/// Whether a `profiles.yml` that would be read has a profile of this name.
fn has_profile(global: &Global, here: &Path, name: &str) -> bool {
    let folders = environment::profiles_dirs(global, here, None, &environment::variables());
    let path = folders.iter().map(|folder| folder.join("profiles.yml")).find(|path| path.is_file());
    let parsed = path.and_then(|path| yaml::parse(&read_text(&path).ok()?).ok());
    parsed.is_some_and(|profiles| profiles.get(name).is_some())
}
