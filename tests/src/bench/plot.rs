//! The plot: four panels of the table's figures, as SVG, which needs no fonts of this machine's. It is readable on white and
//! on black paper. Each mark has a title with its figure, as the table has it.

use crate::contender::Who;
use crate::table::{Aim, Row, Table, Unit};
use axes::{Axes, Scale};
use otpair_tests::picture::escape;
use std::fmt::Write as _;

#[path = "plot/axes.rs"]
mod axes;

const WIDTH: f64 = 980.0;
const HEIGHT: f64 = 760.0;
/// Above the panels, for who is who.
const LEGEND: f64 = 40.0;

const STYLE: &str = "\
:root { --paper: #ffffff; --ink: #24292f; --faint: #d0d7de; --a: #9a6700; --b: #1a7f37; --c: #0969da; --aim: #cf222e }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0d1117; --ink: #e6edf3; --faint: #373e47; --a: #d29922; --b: #3fb950; --c: #58a6ff; --aim: #ff7b72 }
}
.paper { fill: var(--paper) } text { fill: var(--ink) } .faint { stroke: var(--faint) } .ink { stroke: var(--ink) }
.a { fill: var(--a); stroke: var(--a) } .b { fill: var(--b); stroke: var(--b) } .c { fill: var(--c); stroke: var(--c) }
polyline { fill: none !important; stroke-width: 2 } rect { stroke: none !important }
.aim { stroke: var(--aim); stroke-dasharray: 5 4 }
.permit { stroke: var(--ink); stroke-dasharray: 1 4; stroke-linecap: round }
";

/// Draws what the table has.
pub fn draw(table: &Table, caption: &str) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         role=\"img\" font-size=\"12\" font-family=\"system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n",
        escape(caption)
    );
    legend(&mut svg);
    let panel = |column: f64, row: f64, title, unit| {
        let (width, height) = (WIDTH / 2.0, (HEIGHT - LEGEND) / 2.0);
        Axes::new(
            column * width,
            LEGEND + row * height,
            width,
            height,
            title,
            unit,
        )
    };
    times(
        &mut svg,
        table,
        &panel(0.0, 0.0, "One sign-on", "in flushes, less pam_permit"),
    );
    tokens(
        &mut svg,
        table,
        &panel(
            1.0,
            0.0,
            "More tokens: a good passcode",
            "times that with one token",
        ),
    );
    together(
        &mut svg,
        table,
        &panel(
            0.0,
            1.0,
            "Many processes at once",
            "sign-ons over the disk's flushes",
        ),
    );
    instructions(
        &mut svg,
        table,
        &panel(
            1.0,
            1.0,
            "Instructions of a good passcode",
            "thousands, less pam_permit",
        ),
    );
    svg + "</svg>\n"
}

/// Colours have classes.
fn class(who: Who) -> &'static str {
    match who {
        Who::PamOath => "a",
        Who::GoogleAuthenticator => "b",
        Who::Otpair => "c",
        Who::Permit => "permit",
    }
}

fn legend(svg: &mut String) {
    let places = [60.0, 180.0, 370.0];
    for (who, x) in Who::COMPARED.into_iter().zip(places) {
        let class = class(who);
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{x}\" y=\"14\" width=\"12\" height=\"12\"/>\
             <text x=\"{}\" y=\"24\">{who}</text>",
            x + 18.0
        );
    }
    let _ = writeln!(
        svg,
        "<line class=\"aim\" x1=\"480\" y1=\"20\" x2=\"510\" y2=\"20\"/><text x=\"516\" y=\"24\">otpair's aim</text>\
         <line class=\"permit\" x1=\"610\" y1=\"20\" x2=\"640\" y2=\"20\" stroke-width=\"2\"/><text x=\"646\" y=\"24\">pam_permit</text>\
         <text x=\"740\" y=\"24\">thin: first to third quartile</text>"
    );
}

/// What is told of a mark when it is pointed at.
fn title(row: &Row, who: Who, median: f64) -> String {
    let (what, unit) = (&row.what, row.unit);
    let unit_name = if unit == Unit::Count { "" } else { unit.name() };
    let text = format!("{who}, {what}, {unit_name}: {}", unit.shown(median));
    format!("<title>{}</title>", escape(&text))
}

fn times(svg: &mut String, table: &Table, axes: &Axes) {
    let groups = ["good passcode", "wrong passcode", "pairing"];
    bars(
        svg,
        table,
        axes,
        &groups.map(|what| (what.to_owned(), what.to_owned())),
    );
}

fn instructions(svg: &mut String, table: &Table, axes: &Axes) {
    let groups = ["", ": load", ": open", ": decide", ": commit", ": log"];
    let groups = groups.map(|step| {
        let label = step.strip_prefix(": ").unwrap_or("all");
        (
            label.to_owned(),
            format!("instructions, good passcode{step}"),
        )
    });
    bars(svg, table, axes, &groups);
}

/// Bars side by side: a group for each label, from the row that stands beside it.
fn bars(svg: &mut String, table: &Table, axes: &Axes, groups: &[(String, String)]) {
    let rows: Vec<_> = groups
        .iter()
        .filter_map(|(label, what)| Some((label, table.row(what)?)))
        .collect();
    let figures = || rows.iter().flat_map(|(_, row)| &row.figures);
    let most = figures().map(|(_, figure)| figure.high).fold(0.0, f64::max);
    let scale = Scale::linear(most);
    axes.draw(svg, &scale);
    for (place, (label, row)) in rows.iter().enumerate() {
        let (left, width) = axes.slot(place, rows.len());
        axes.label(svg, left + width / 2.0, label);
        let bar = width * 0.8 / 3.0;
        for (at, who) in Who::COMPARED.into_iter().enumerate() {
            let Some(figure) = row.figure(who) else {
                continue;
            };
            let x = left + width * 0.1 + bar * f64::from(u8::try_from(at).unwrap_or_default());
            let [top, high, low] =
                [figure.median, figure.high, figure.low].map(|value| axes.y(&scale, value));
            let (class, middle) = (class(who), x + bar / 2.0);
            let _ = writeln!(
                svg,
                "<g>{}<rect class=\"{class}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>\
                 <line class=\"ink\" x1=\"{middle:.1}\" y1=\"{high:.1}\" x2=\"{middle:.1}\" y2=\"{low:.1}\"/></g>",
                title(row, who, figure.median),
                bar - 2.0,
                axes.y(&scale, 0.0) - top,
            );
        }
        if let Some((Aim::AtMost(limit) | Aim::AtLeast(limit), _)) = row.verdict() {
            axes.aim(svg, &scale, limit, left, left + width);
        }
    }
}

fn tokens(svg: &mut String, table: &Table, axes: &Axes) {
    let rows = rows_between(table, "good passcode with ", " over one");
    let most = most(&rows).max(10.0);
    lines(svg, axes, &Scale::logarithmic(1.0, most), &rows);
}

fn together(svg: &mut String, table: &Table, axes: &Axes) {
    let rows = rows_between(table, "sign-ons a second over flushes, ", "");
    lines(svg, axes, &Scale::linear(most(&rows)), &rows);
}

/// Rows whose questions begin and end so, and what stands between.
fn rows_between<'t>(table: &'t Table, begin: &str, end: &str) -> Vec<(&'t str, &'t Row)> {
    let rows = table.rows.iter();
    rows.filter_map(|row| Some((row.what.strip_prefix(begin)?.strip_suffix(end)?, row)))
        .collect()
}

/// What has to be within the panel: all but `pam_permit`, and the aims.
fn most(rows: &[(&str, &Row)]) -> f64 {
    let figures = rows.iter().flat_map(|(_, row)| &row.figures);
    let highs = figures
        .filter(|(who, _)| *who != Who::Permit)
        .map(|(_, figure)| figure.high);
    let aims = rows.iter().filter_map(|(_, row)| match row.aim? {
        Aim::AtMost(limit) | Aim::AtLeast(limit) => Some(limit),
    });
    highs.chain(aims).fold(0.0, f64::max)
}

/// A line for each module, from row to row.
fn lines(svg: &mut String, axes: &Axes, scale: &Scale, rows: &[(&str, &Row)]) {
    axes.draw(svg, scale);
    let middle = |place| {
        let (left, width) = axes.slot(place, rows.len());
        left + width / 2.0
    };
    for (place, (label, row)) in rows.iter().enumerate() {
        axes.label(svg, middle(place), label);
        if let Some((Aim::AtMost(limit) | Aim::AtLeast(limit), _)) = row.verdict() {
            let (left, width) = axes.slot(place, rows.len());
            axes.aim(svg, scale, limit, left, left + width);
        }
    }
    for who in Who::COMPARED.into_iter().chain([Who::Permit]) {
        let (mut points, mut marks) = (String::new(), String::new());
        for (place, (_, row)) in rows.iter().enumerate() {
            let Some(figure) = row.figure(who) else {
                continue;
            };
            let (x, y) = (middle(place), axes.y(scale, figure.median));
            let _ = write!(points, "{x:.1},{y:.1} ");
            if who == Who::Permit {
                continue;
            }
            let [high, low] = [figure.high, figure.low].map(|value| axes.y(scale, value));
            let _ = writeln!(
                marks,
                "<g>{}<circle class=\"{}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>\
                 <line class=\"ink\" x1=\"{x:.1}\" y1=\"{high:.1}\" x2=\"{x:.1}\" y2=\"{low:.1}\"/></g>",
                title(row, who, figure.median),
                class(who),
            );
        }
        if !points.is_empty() {
            let (class, points) = (class(who), points.trim_end());
            let _ = writeln!(
                svg,
                "<polyline class=\"{class}\" points=\"{points}\"/>\n{marks}"
            );
        }
    }
}
