//! `plan`.

use super::super::Outcome;
use super::super::arguments::{Global, Planned, Running, Select, TextOrJson};
use super::super::driver::Loaded;
use super::super::printer::Printer;
use super::super::saved_plan;
use super::{kinds, run};
use crate::plan::{NodePlan, Plan};
use crate::warehouse::Catalog;

/// Prints exactly the statements that the command would run; with `--no-introspect`, on a warehouse where nothing exists yet.
pub(super) fn plan(
    loaded: &Loaded,
    global: &Global,
    (command, select, running): (Planned, &Select, &Running),
    printer: &Printer,
) -> Result<Outcome, Outcome> {
    if loaded.is_broken {
        printer.note("nothing was planned, because the project has errors");
        return Err(Outcome::Unusable);
    }
    let command = match command {
        Planned::Build => "build",
        Planned::Run => "run",
        Planned::Seed => "seed",
        Planned::Test => "test",
        Planned::Load => "load",
    };
    let selected = loaded.select(select, kinds(command), printer)?;
    let connection = if global.introspect == Some(false) { None } else { Some(loaded.open(printer)?) };
    let compiler = loaded.compiler(connection.clone(), &selected);
    let compilation = loaded.compile(&compiler, &run::with_hooks(loaded, &selected, command), printer);
    if loaded.check_columns(&compilation, printer) {
        printer.note("nothing was planned, because the project has errors");
        return Err(Outcome::Unusable);
    }
    let planner = match &connection {
        Some(connection) => run::planner(loaded, &compiler, connection, &selected, command, printer)?,
        None => loaded.planner(&compiler, Catalog::default(), matches!(command, "build" | "load")),
    };
    let plan = planner.plan(&loaded.order, &compilation, &selected);
    match running.output {
        TextOrJson::Json => {
            let saved = saved_plan::to_json(&plan, command, &selected);
            printer.data(&serde_json::to_string_pretty(&saved).unwrap_or_default());
        }
        TextOrJson::Text => printer.data(&text(&plan)),
    }
    let failed = plan.nodes.iter().chain(&plan.start_hooks).any(|node| node.problem.is_some());
    plan.nodes
        .iter()
        .filter_map(|node| node.problem.as_ref())
        .for_each(|problem| printer.diagnostic(problem, &loaded.sources));
    Ok(if failed || printer.counts().0 > 0 { Outcome::Failure } else { Outcome::Success })
}

fn text(plan: &Plan) -> String {
    let mut out = String::new();
    let mut add = |line: &str| {
        out.push_str(line);
        out.push('\n');
    };
    if !plan.setup.is_empty() {
        add("-- set-up");
        plan.setup.iter().for_each(|step| add(&ended(&step.text())));
    }
    let mut node = |plan: &NodePlan| {
        let late = if plan.late { " (late: compiled again when its parents have run)" } else { "" };
        add(&format!("\n-- {}: {}{late}\n--   because: {}", plan.unique_id, plan.action.as_str(), plan.reason));
        plan.steps.iter().for_each(|step| add(&ended(&step.text())));
    };
    plan.start_hooks.iter().filter(|hook| !hook.steps.is_empty()).for_each(&mut node);
    plan.nodes.iter().for_each(&mut node);
    out
}

/// A statement with its semicolon; a comment stays as it is.
fn ended(text: &str) -> String {
    if text.ends_with(';') || (text.starts_with("--") && !text.contains('\n')) {
        text.to_owned()
    } else {
        format!("{text};")
    }
}
